// Command screenshot makes the picture of the README from the real thing: it runs the demo of Caddyfile.example on free
// ports, opens its home page in Chromium, waits for the message and writes what the visitor sees.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/chromedp/chromedp"
)

// width and height of the picture, in pixels.
const (
	width  = 1200
	height = 800
)

// shown is true in the page once a message with everything in it is on the screen and has stopped moving.
const shown = `(() => {
	const message = document.querySelector("handbill-message");
	const root = message && message.shadowRoot;
	return !!root && !!root.querySelector("section") &&
		[...root.querySelectorAll("img")].every((image) => image.complete && image.naturalWidth > 0) &&
		root.getAnimations().length === 0;
})()`

func main() {
	binary := flag.String("binary", "bin/handbill", "the server to run")
	picture := flag.String("picture", "docs/images/demo.png", "the file to write")
	flag.Parse()
	if err := run(*binary, *picture); err != nil {
		fmt.Fprintln(os.Stderr, "screenshot:", err)
		os.Exit(1)
	}
}

func run(binary, picture string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	address, stop, err := startDemo(ctx, binary)
	if err != nil {
		return err
	}
	defer stop()

	// Chromium refuses its sandbox to root, which is what tests in containers run as. The page is our own.
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.WindowSize(width, height))
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height), chromedp.Navigate("http://"+address+"/")); err != nil {
		return err
	}
	if _, err := chromedp.Run(ctx, chromedp.Poll[chromedp.Void](shown, chromedp.WithPollingTimeout(20*time.Second))); err != nil {
		return fmt.Errorf("no message came up on the home page: %w", err)
	}
	image, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(picture), 0o755); err != nil {
		return err
	}
	return os.WriteFile(picture, image, 0o644)
}

// startDemo runs Caddyfile.example with a state of its own, on ports that are free.
func startDemo(ctx context.Context, binary string) (address string, stop func(), err error) {
	content, err := os.ReadFile("Caddyfile.example")
	if err != nil {
		return "", nil, fmt.Errorf("%w; run this from the top of the checkout", err)
	}
	folder, err := os.MkdirTemp("", "handbill-screenshot-")
	if err != nil {
		return "", nil, err
	}
	ports, err := freePorts(2)
	if err != nil {
		return "", nil, err
	}
	config := strings.NewReplacer(":8080", ":"+ports[0], ":8081", ":"+ports[1], "\n{\n", "\n{\n\tadmin off\n\tpersist_config off\n").
		Replace(string(content))
	path := filepath.Join(folder, "Caddyfile")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		return "", nil, err
	}
	var log bytes.Buffer
	demo := exec.CommandContext(ctx, binary, "run", "--config", path)
	demo.Env = append(os.Environ(), "XDG_DATA_HOME="+folder, "XDG_CONFIG_HOME="+folder)
	demo.Stdout, demo.Stderr = &log, &log
	demo.Cancel = func() error { return demo.Process.Signal(syscall.SIGTERM) }
	demo.WaitDelay = 10 * time.Second
	if err := demo.Start(); err != nil {
		return "", nil, fmt.Errorf("%w; build it with make build", err)
	}
	stop = func() {
		_ = demo.Cancel()
		_ = demo.Wait()
		_ = os.RemoveAll(folder)
	}
	address = "localhost:" + ports[0]
	if err := waitUntilItListens(ctx, address); err != nil {
		stop()
		return "", nil, fmt.Errorf("the demo did not start: %w\n%s", err, &log)
	}
	return address, stop, nil
}

func freePorts(n int) ([]string, error) {
	ports := make([]string, n)
	for i := range ports {
		listener, err := net.Listen("tcp", "localhost:0")
		if err != nil {
			return nil, err
		}
		defer listener.Close()
		_, ports[i], err = net.SplitHostPort(listener.Addr().String())
		if err != nil {
			return nil, err
		}
	}
	return ports, nil
}

func waitUntilItListens(ctx context.Context, address string) error {
	for range 200 {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return errors.New("nothing listens on " + address)
}
