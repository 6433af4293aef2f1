package caddymodule

import (
	"fmt"
	"net/http"
	"strings"

	"handbill/engine/country"
)

// addCountryHeader notes that a site of a workspace knows countries by a header, so that explain does too.
func (a *App) addCountryHeader(workspace, name string) {
	if a.countryHeaders == nil {
		a.countryHeaders = make(map[string][]string)
	}
	a.countryHeaders[workspace] = append(a.countryHeaders[workspace], name)
}

// readHeaders reads headers as they are written in a request: "Accept-Language: de".
func readHeaders(lines []string) (http.Header, error) {
	header := make(http.Header)
	for _, line := range lines {
		name, value, found := strings.Cut(line, ":")
		if !found || checkHeader(strings.TrimSpace(name)) != nil {
			return nil, badRequest{fmt.Errorf("header: %q is not a header; write it as 'Accept-Language: de'", line)}
		}
		header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return header, nil
}

// readCountryOf is the country that a query names itself, or by one of the headers which sites believe.
func (q explainQuery) readCountryOf(header http.Header, believed []string) (string, error) {
	if q.Country != "" {
		code := country.Code(q.Country)
		if code == "" {
			return "", badRequest{fmt.Errorf("country: %q is not a country; write its two letters, such as DE", q.Country)}
		}
		return code, nil
	}
	for _, name := range believed {
		if code := country.Code(header.Get(name)); code != "" {
			return code, nil
		}
	}
	return "", nil
}
