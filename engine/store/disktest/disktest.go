// Package disktest lets the disk of a file fail in tests, while the program under test has it open.
package disktest
