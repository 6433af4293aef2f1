// Command handbill is Caddy with Handbill compiled in: Caddy's own commands, and `messages` for the operator's messages.
package main

import (
	_ "time/tzdata" // a workspace names its time zone, also where the machine has no database of them

	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "handbill"
)

func main() {
	caddycmd.Main()
}
