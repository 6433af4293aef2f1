// Package handbill adds in-app messages to Caddy: importing it registers every Handbill module.
//
// It is the package that xcaddy and Caddy's download page name:
//
//	xcaddy build --with handbill=./handbill
//
// Everything it does stands in package caddymodule.
package handbill

import _ "handbill/caddymodule" // registers the modules
