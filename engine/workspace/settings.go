package workspace

import (
	"regexp"
	"strings"
	"time"

	"handbill/engine/content"
)

// settings are the values of the table [workspace].
type settings struct {
	name, siteID, writeKey string
	inApp                  bool
	// skip leaves out messages that are wrong, instead of refusing the workspace.
	skip bool
	// locale is the language of the texts; empty if the workspace names none.
	locale   string
	throttle Throttle
	// throttles are those of groups of messages.
	throttles []Throttle
	// traits are the declared types of traits; nil if none are.
	traits map[string]string
	// theme is that of messages which name none; nil for none.
	theme *theme
	// zone is what date-times without one are in; nil if the workspace names none.
	zone *time.Location
	// uncertain is set when the table may be in a file that could not be read, or is itself wrong.
	uncertain bool
}

// identifier is what messages and keys of the browser's snippet are named by.
var identifier = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

const identifierRule = "use 1 to 64 of the letters a to z and A to Z, digits, dot, dash and underscore"

// readSettings reads the table [workspace] from the one document that has it.
func (c *check) readSettings(documents []section) {
	c.settings.name, c.settings.siteID, c.settings.writeKey, c.settings.inApp = DefaultName, DefaultSiteID, DefaultWriteKey, true
	var first *section
	for _, document := range documents {
		values := document.table("workspace")
		if values == nil {
			continue
		}
		s := document.child("[workspace]", values, document.place.key("workspace"), 0)
		if first != nil {
			place := first.problem(first.offset, "", "")
			s.wrong(s.offset, "keep one of the two", "a workspace has this table once, and it stands in %s:%d already", place.File, place.Line)
			continue
		}
		first = &s
		s.checkKeys(workspaceKeys)
		c.readSetting(s)
		c.settings.theme = c.themeOf(s)
	}
}

func (c *check) readSetting(s section) {
	for name, target := range map[string]*string{"name": &c.settings.name, "site_id": &c.settings.siteID, "write_key": &c.settings.writeKey} {
		value, given := s.values[name].(string)
		switch {
		case !given:
		case name == "name" && strings.TrimSpace(value) == "":
			s.wrong(s.at(name), "name the workspace, or leave the key out", "name is empty")
		case name != "name" && !identifier.MatchString(value):
			s.wrong(s.at(name), identifierRule, "%s %q cannot be used", name, value)
		default:
			*target = value
		}
	}
	if inApp, ok := s.values["in_app"].(bool); ok {
		c.settings.inApp = inApp
	}
	if locale, given := s.values["locale"].(string); given {
		tag, err := content.CheckLocale(locale)
		c.wrongContent(s, s.at("locale"), err)
		c.settings.locale = tag
	}
	c.settings.skip = s.text("on_error") == onErrorSkip
	c.settings.throttle = c.throttle(s)
	c.settings.traits = c.traits(s)
	c.settings.uncertain = c.settings.uncertain || s.has("timezone")
	if _, given := s.values["timezone"].(string); !given {
		return
	}
	if zone := s.zone("timezone", `write one of the IANA time zone names, such as "Europe/Berlin" or "UTC"`); zone != nil {
		c.settings.zone, c.settings.uncertain = zone, false
	}
}
