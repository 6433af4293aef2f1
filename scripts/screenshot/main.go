// Command screenshot makes the pictures of the documentation from the real thing: it runs the demo of Caddyfile.example on
// free ports, opens its pages in Chromium, waits for the message and writes what the visitor sees.
package main

import (
	"bytes"
	"cmp"
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

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// picture is one of the pictures.
type picture struct {
	file string
	// path is the page, scheme the colours that its visitor likes.
	path, scheme string
	// width and height are in pixels.
	width, height int64
	// before is what the visitor does first; empty for nothing.
	before string
	// shown is true in the page once it is to be taken; empty: once a message is on the screen.
	shown string
	// debug: the page is opened by a debug link.
	debug bool
}

// displays are what the gallery of the demo shows, and docs/displays.md with it.
var displays = []string{"modal", "fullscreen", "push", "toast", "inline", "tooltip", "beacon", "tour", "survey", "film"}

func pictures() []picture {
	all := []picture{{file: "demo.png", path: "/", scheme: "light", width: 1200, height: 800}}
	for _, display := range displays {
		for _, scheme := range []string{"light", "dark"} {
			one := picture{file: display + "-" + scheme + ".png", path: "/gallery/?show=" + display, scheme: scheme, width: 800, height: 500}
			switch display {
			case "inline", "tooltip", "beacon":
				one.before = `document.querySelector("#content .section").scrollIntoView()`
			case "tour":
				one.before = `document.querySelector("handbill-message").shadowRoot.querySelector(".buttons button").click()`
			case "film":
				one.before = film + `.preload = "auto"; ` + film + `.textTracks[0].mode = "showing"; ` + film + `.currentTime = 3.9`
				one.shown = shown + ` && ` + film + `.readyState > 0 && (` + film + `.preload !== "auto" || ` + film + `.readyState > 3)`
			}
			all = append(all, one)
		}
	}
	for _, scheme := range []string{"light", "dark"} {
		all = append(all, picture{
			file: "inbox-" + scheme + ".png", path: "/gallery/", scheme: scheme, width: 800, height: 500,
			before: `document.querySelector("handbill-inbox").shadowRoot.querySelector(".bell").click()`,
			shown:  `!!document.querySelector("handbill-inbox")?.shadowRoot?.querySelector("li img")?.complete`,
		}, picture{
			file: "debug-" + scheme + ".png", path: "/gallery/?show=inline", scheme: scheme, width: 1000, height: 640, debug: true,
			before: `document.querySelector("handbill-debug").shadowRoot.querySelector('[data-message="gallery-modal"] summary').click()`,
			shown:  shown + ` && !!document.querySelector("handbill-debug")?.shadowRoot.querySelector("details")`,
		})
	}
	return all
}

// film is the one in the message.
const film = `document.querySelector("handbill-message").shadowRoot.querySelector("video")`

// shown is true in the page once a message with everything in it is on the screen and has stopped moving.
const shown = `(() => {
	const message = document.querySelector("handbill-message");
	const root = message && message.shadowRoot;
	return !!root && !!root.querySelector("[data-step], .beacon") &&
		[...root.querySelectorAll("img")].every((image) => image.complete && image.naturalWidth > 0) &&
		root.getAnimations().length === 0;
})()`

func main() {
	binary := flag.String("binary", "bin/handbill", "the server to run")
	folder := flag.String("folder", "docs/images", "the folder of the pictures")
	only := flag.String("only", "", "how the names of the pictures to take begin; by default all")
	flag.Parse()
	if err := run(*binary, *folder, *only); err != nil {
		fmt.Fprintln(os.Stderr, "screenshot:", err)
		os.Exit(1)
	}
}

func run(binary, folder, only string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	d, stop, err := startDemo(ctx, binary)
	if err != nil {
		return err
	}
	defer stop()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}

	// Chromium refuses its sandbox to root, which is what tests in containers run as. The page is our own.
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.WindowSize(1200, 800))
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	for _, one := range pictures() {
		if !strings.HasPrefix(one.file, only) {
			continue
		}
		image, err := one.take(ctx, d)
		if err != nil {
			return fmt.Errorf("%s: %w", one.file, err)
		}
		if err := os.WriteFile(filepath.Join(folder, one.file), image, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// take opens the page and returns what is to be seen, as PNG.
func (p picture) take(ctx context.Context, d demo) ([]byte, error) {
	address := "http://" + d.address + p.path
	if p.debug {
		link, err := d.debugLink(ctx, address)
		if err != nil {
			return nil, err
		}
		address = link
	}
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: p.scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(p.width, p.height)); err != nil {
		return nil, err
	}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
		return nil, err
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(address)); err != nil {
		return nil, err
	}
	if err := p.wait(ctx); err != nil {
		return nil, err
	}
	if p.before != "" {
		if _, err := chromedp.Run(ctx, chromedp.Evaluate[chromedp.Void](p.before)); err != nil {
			return nil, err
		}
		// What follows the page's scrolling does so with the next picture of the screen.
		time.Sleep(300 * time.Millisecond)
		if err := p.wait(ctx); err != nil {
			return nil, err
		}
	}
	return chromedp.Run(ctx, chromedp.CaptureScreenshot())
}

func (p picture) wait(ctx context.Context) error {
	if _, err := chromedp.Run(ctx, chromedp.Poll[chromedp.Void](cmp.Or(p.shown, shown), chromedp.WithPollingTimeout(20*time.Second))); err != nil {
		return fmt.Errorf("what is to be taken did not come up: %w", err)
	}
	return nil
}

// demo is the running demo.
type demo struct{ binary, address, admin string }

// debugLink is a link to a page with the panel of why messages show there.
func (d demo) debugLink(ctx context.Context, page string) (string, error) {
	out, err := exec.CommandContext(ctx, d.binary, "messages", "preview", "--debug", "--address", d.admin, "--url", page).Output()
	link, _, _ := strings.Cut(string(out), "\n")
	return link, err
}

// startDemo runs Caddyfile.example with a state of its own, on ports that are free.
func startDemo(ctx context.Context, binary string) (d demo, stop func(), err error) {
	content, err := os.ReadFile("Caddyfile.example")
	if err != nil {
		return demo{}, nil, fmt.Errorf("%w; run this from the top of the checkout", err)
	}
	folder, err := os.MkdirTemp("", "handbill-screenshot-")
	if err != nil {
		return demo{}, nil, err
	}
	ports, err := freePorts(3)
	if err != nil {
		return demo{}, nil, err
	}
	config := strings.NewReplacer(":8080", ":"+ports[0], ":8081", ":"+ports[1], "\n{\n", "\n{\n\tadmin localhost:"+ports[2]+"\n\tpersist_config off\n").
		Replace(string(content))
	path := filepath.Join(folder, "Caddyfile")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		return demo{}, nil, err
	}
	var log bytes.Buffer
	process := exec.CommandContext(ctx, binary, "run", "--config", path)
	process.Env = append(os.Environ(), "XDG_DATA_HOME="+folder, "XDG_CONFIG_HOME="+folder)
	process.Stdout, process.Stderr = &log, &log
	process.Cancel = func() error { return process.Process.Signal(syscall.SIGTERM) }
	process.WaitDelay = 10 * time.Second
	if err := process.Start(); err != nil {
		return demo{}, nil, fmt.Errorf("%w; build it with make build", err)
	}
	stop = func() {
		_ = process.Cancel()
		_ = process.Wait()
		_ = os.RemoveAll(folder)
	}
	d = demo{binary, "localhost:" + ports[0], "localhost:" + ports[2]}
	if err := waitUntilItListens(ctx, d.address); err != nil {
		stop()
		return demo{}, nil, fmt.Errorf("the demo did not start: %w\n%s", err, &log)
	}
	return d, stop, nil
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
