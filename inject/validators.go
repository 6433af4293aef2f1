package inject

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An injected page has an entity tag of its own: the site's tag with a suffix
// that names the snippet's version, and weak, since a proxy made it. A page
// without a tag gets one from its Last-Modified, because a date alone would not
// tell that the snippet has changed.
//
//	"abc"          becomes  W/"abc-hbs-VERSION"
//	W/"abc"        becomes  W/"abc-hbw-VERSION"
//	Last-Modified  becomes  W/"65f0c3a1-hbd-VERSION", the date in hexadecimal
//
// Requests bring these tags back; the site is then asked with its own.

// tagKind says what an injected page's entity tag was made from.
type tagKind byte

const (
	strongTag tagKind = 's'
	weakTag   tagKind = 'w'
	dateTag   tagKind = 'd'
)

// tagSuffix stands between the site's tag and its kind.
const tagSuffix = "-hb"

// entityTag is one entity tag (RFC 9110, 8.8.3).
type entityTag struct {
	weak   bool
	opaque string // without the quotes
}

func (t entityTag) String() string {
	if t.weak {
		return `W/"` + t.opaque + `"`
	}
	return `"` + t.opaque + `"`
}

// cutTag reads the first entity tag of a list and returns what follows it.
func cutTag(list string) (tag entityTag, rest string, ok bool) {
	list = strings.TrimLeft(list, " \t,")
	list, tag.weak = strings.CutPrefix(list, "W/")
	list, ok = strings.CutPrefix(list, `"`)
	if !ok {
		return entityTag{}, "", false
	}
	tag.opaque, rest, ok = strings.Cut(list, `"`)
	return tag, rest, ok
}

// readTags reads lists of entity tags. It reports false for anything else, also
// for "*".
func readTags(values []string) (tags []entityTag, ok bool) {
	for _, value := range values {
		for value = strings.Trim(value, " \t,"); value != ""; value = strings.TrimLeft(value, " \t,") {
			tag, rest, ok := cutTag(value)
			if !ok {
				return nil, false
			}
			tags = append(tags, tag)
			value = rest
		}
	}
	return tags, true
}

func writeTags(tags []entityTag) string {
	var list strings.Builder
	for i, tag := range tags {
		if i > 0 {
			list.WriteString(", ")
		}
		list.WriteString(tag.String())
	}
	return list.String()
}

// original takes an injected page's tag apart. It reports false for other tags.
func (t entityTag) original() (opaque string, kind tagKind, version string, ok bool) {
	i := strings.LastIndex(t.opaque, tagSuffix)
	if i < 0 {
		return "", 0, "", false
	}
	rest := t.opaque[i+len(tagSuffix):]
	if len(rest) < 2 || rest[1] != '-' {
		return "", 0, "", false
	}
	switch kind = tagKind(rest[0]); kind {
	case strongTag, weakTag, dateTag:
		return t.opaque[:i], kind, rest[2:], true
	}
	return "", 0, "", false
}

// site returns the tag that the site gave.
func (t entityTag) site() entityTag {
	opaque, kind, _, ok := t.original()
	if !ok || kind == dateTag {
		return t
	}
	return entityTag{weak: kind == weakTag, opaque: opaque}
}

// injectedTag is the tag of an injected page whose header the site sent; "" where
// it has nothing to make one from.
func injectedTag(site *survey, version string) string {
	if len(site.tag) > 0 {
		tag, rest, ok := cutTag(site.tag[0])
		if !ok || rest != "" || len(site.tag) > 1 {
			return ""
		}
		kind := strongTag
		if tag.weak {
			kind = weakTag
		}
		return makeTag(tag.opaque, kind, version)
	}
	date := firstOf(site.lastModified)
	if date == "" {
		return ""
	}
	modified, err := http.ParseTime(date)
	if err != nil {
		return ""
	}
	return makeTag(strconv.FormatInt(modified.Unix(), 16), dateTag, version)
}

func makeTag(opaque string, kind tagKind, version string) string {
	return `W/"` + opaque + tagSuffix + string(rune(kind)) + "-" + tagVersion(version) + `"`
}

// tagVersion makes a version fit for a tag: what could end the tag, or be taken
// for the suffix, is replaced.
func tagVersion(version string) string {
	if strings.Contains(version, tagSuffix) {
		version = strings.ReplaceAll(version, tagSuffix, "_")
	}
	return strings.Map(func(c rune) rune {
		if c <= ' ' || c == '"' || c == ',' || c >= 0x7F {
			return '_'
		}
		return c
	}, version)
}

// copies are the tags of the pages that a request's sender has, as far as they
// have the snippet as it is now.
type copies []entityTag

// judgeCopies translates the request's validators for the site. A copy with
// another version of the snippet, or none, is not good any more, whatever the
// site thinks: its validators are dropped.
func (c *requestChange) judgeCopies(header http.Header, isPage bool, now func() (Insertion, bool)) {
	none, since := header["If-None-Match"], header["If-Modified-Since"]
	if len(none) == 0 && len(since) == 0 {
		return
	}
	tags, ok := readTags(none)
	if !ok {
		return // "*", or nothing that can be read
	}
	injected := false
	for _, tag := range tags {
		_, _, _, ours := tag.original()
		injected = injected || ours
	}
	if !isPage && !injected {
		return
	}
	insertion, inserts := now()
	var kept []entityTag
	var date string
	for _, tag := range tags {
		opaque, kind, version, ours := tag.original()
		switch {
		case !ours:
			if !inserts || !isPage {
				kept = append(kept, tag)
			}
		case !inserts || insertion.Private || version != tagVersion(insertion.Version):
		case kind == dateTag:
			c.copies = append(c.copies, tag)
			date = opaque
		default:
			c.copies = append(c.copies, tag)
			kept = append(kept, tag.site())
		}
	}
	switch {
	case len(kept) == 0:
		c.drop(header, "If-None-Match")
	case !slices.Equal(kept, tags):
		c.set(header, "If-None-Match", none, []string{writeTags(kept)})
	}
	switch {
	case date != "" && len(since) == 0:
		if seconds, err := strconv.ParseInt(date, 16, 64); err == nil {
			c.set(header, "If-Modified-Since", nil, []string{time.Unix(seconds, 0).UTC().Format(http.TimeFormat)})
		}
	case len(c.copies) == 0 && (inserts || injected):
		c.drop(header, "If-Modified-Since")
	}
}

// tagOf returns the tag of the sender's copy that a 304 is about, in the
// sender's words; "" for a copy without an insertion.
func (c copies) tagOf(header http.Header) string {
	answered, _, hasTag := cutTag(first(header, "Etag"))
	for _, tag := range c {
		opaque, kind, _, _ := tag.original()
		if kind == dateTag && !hasTag || kind != dateTag && hasTag && opaque == answered.opaque {
			return tag.String()
		}
	}
	return ""
}

// translateMatch gives the site back its own tags in If-Match, with which clients
// guard a change of what they have read.
func (c *requestChange) translateMatch(header http.Header) {
	values := header["If-Match"]
	if len(values) == 0 {
		return
	}
	tags, ok := readTags(values)
	if !ok {
		return
	}
	changed := false
	for i, tag := range tags {
		tags[i] = tag.site()
		changed = changed || tags[i] != tag
	}
	if changed {
		c.set(header, "If-Match", values, []string{writeTags(tags)})
	}
}

// dropRange asks for the whole where a part would not fit: for a page, and for
// what continues an injected page.
func (c *requestChange) dropRange(header http.Header, isPage bool) {
	if len(header["Range"]) == 0 {
		return
	}
	condition, _, _ := cutTag(first(header, "If-Range"))
	if _, _, _, injected := condition.original(); !isPage && !injected {
		return
	}
	c.drop(header, "Range")
	c.drop(header, "If-Range")
}
