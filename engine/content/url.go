package content

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

var (
	linkSchemes  = []string{"http", "https", "mailto", "tel"}
	imageSchemes = []string{"http", "https"}
)

// CheckLink reports why a link or a button must not lead to an address. An
// address is relative to the page, or has one of the schemes http, https,
// mailto and tel. What a browser would mend before it reads an address (blanks,
// control characters, backslashes) is refused, because mending is how a
// script's address gets past a check. The error is an *[Error].
func CheckLink(address string) error {
	return checkAddress(address, linkSchemes)
}

// CheckImage reports why an image must not come from an address: it is a path
// that starts with "/", or a URL with http or https. The error is an *[Error].
func CheckImage(address string) error {
	if err := checkAddress(address, imageSchemes); err != nil {
		return err
	}
	if !strings.HasPrefix(address, "/") && !hasScheme(address) {
		return &Error{
			fmt.Sprintf("the address %q means another file on every page", address),
			fmt.Sprintf("start it with / or https://, for example %q", "/"+strings.TrimLeft(address, "./")),
		}
	}
	return nil
}

func checkAddress(address string, schemes []string) error {
	if address == "" {
		return &Error{"the address is empty", `write a path such as "/offers", or a URL`}
	}
	for _, r := range address {
		if r == '\\' || r == '\ufeff' || r == '\ufffd' || unicode.IsControl(r) || unicode.IsSpace(r) {
			return &Error{
				fmt.Sprintf("the address %q holds %q, which no address may", address, r),
				"leave it out, or write it percent-encoded",
			}
		}
	}
	parsed, err := url.Parse(address)
	if err != nil {
		var wrapped *url.Error // repeats the address
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return &Error{fmt.Sprintf("the address %q cannot be read (%v)", address, err), `write a path such as "/offers", or a whole URL`}
	}
	switch scheme := strings.ToLower(parsed.Scheme); {
	case scheme == "":
		return nil
	case !slices.Contains(schemes, scheme):
		return &Error{fmt.Sprintf("the address %q has the scheme %q", address, scheme), `use a path such as "/offers", or one of ` + strings.Join(schemes, ", ")}
	case (scheme == "http" || scheme == "https") && parsed.Hostname() == "":
		return &Error{fmt.Sprintf("the address %q names no host", address), `write it as "https://example.com/path"`}
	case (scheme == "mailto" || scheme == "tel") && parsed.Opaque == "":
		return &Error{fmt.Sprintf("the address %q reaches nobody", address), `write it as "mailto:name@example.com" or "tel:+4930123456"`}
	}
	return nil
}

func hasScheme(address string) bool {
	parsed, err := url.Parse(address)
	return err == nil && parsed.Scheme != ""
}
