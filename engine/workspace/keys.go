package workspace

import "handbill/engine/content"

// kind is the type of a key's value, as an author would say it.
type kind string

const (
	aText     kind = "text"
	aNumber   kind = "a whole number"
	aTruth    kind = "true or false"
	aMoment   kind = "a date and time"
	aTextList kind = "a list of texts"
	aTable    kind = "a table"
	aTables   kind = "a list of tables"
)

// key is one key that an author may write. The lists below are all that there
// is: what is not in them is an error.
type key struct {
	name string
	kind kind
	// words are all that a text may be, where it is not free.
	words []string
	// laterWords and laterKinds are values that come with a later version.
	laterWords []string
	laterKinds []kind
	// later marks a key that comes with a later version.
	later bool
	// required keys must be there.
	required bool
	// example is how a right value is written.
	example string
	// keys are those of a table, or of each table of a list.
	keys []key
}

func words[T ~string](values ...T) []string {
	all := make([]string, len(values))
	for i, value := range values {
		all[i] = string(value)
	}
	return all
}

// documentKeys are the keys at the top of a file.
var documentKeys = []key{
	{name: "workspace", kind: aTable, example: "[workspace]", keys: workspaceKeys},
	{name: "messages", kind: aTables, example: "[[messages]]", keys: messageKeys},
	{name: "segments", later: true},
	{name: "templates", later: true},
}

var workspaceKeys = []key{
	{name: "name", kind: aText, example: `name = "Example"`},
	{name: "site_id", kind: aText, example: `site_id = "example"`},
	{name: "write_key", kind: aText, example: `write_key = "example-web"`},
	{name: "in_app", kind: aTruth, example: "in_app = true"},
	{name: "timezone", kind: aText, example: `timezone = "Europe/Berlin"`},
	{name: "locale", later: true},
	{name: "throttle", later: true},
	{name: "traits", later: true},
}

var messageKeys = []key{
	{name: "id", kind: aText, required: true, example: `id = "spring-sale"`},
	{name: "kind", kind: aText, words: []string{"broadcast"}, laterWords: []string{"campaign", "transactional"}, example: `kind = "broadcast"`},
	{
		name: "status", kind: aText, words: words(StatusDraft, StatusLive, StatusPaused, StatusArchived),
		laterWords: []string{"shadow"}, example: `status = "live"`,
	},
	{
		name: "audience", kind: aText, words: words(AudienceAnyone, AudienceAnonymous, AudienceIdentified),
		laterKinds: []kind{aTextList}, example: `audience = "anyone"`,
	},
	{name: "pages", kind: aTextList, required: true, example: `pages = ["*"]`},
	{name: "except", kind: aTextList, example: `except = ["/admin/*"]`},
	{name: "start", kind: aMoment, example: "start = 2026-12-01T09:00:00+01:00"},
	{name: "end", kind: aMoment, example: "end = 2026-12-31T18:00:00+01:00"},
	{name: "priority", kind: aNumber, example: "priority = 10"},
	{
		name: "frequency", kind: aText, words: words(FrequencyOnce, FrequencyUntilDismissed),
		laterWords: []string{"once_per_visit", "until_action", "always"}, laterKinds: []kind{aTable}, example: `frequency = "until_dismissed"`,
	},
	{
		name: "display", kind: aText, required: true, words: []string{content.DisplayModal, content.DisplayBanner},
		laterWords: []string{"fullscreen", "toast", "inline", "tooltip"}, example: `display = "modal"`,
	},
	{
		name: "position", kind: aText, words: []string{content.PositionCenter, content.PositionTop, content.PositionBottom},
		example: `position = "top"`,
	},
	{name: "title", kind: aText, example: `title = "Spring sale"`},
	{name: "text", kind: aText, example: `text = "20 % off until **Sunday**."`},
	{name: "image", kind: aTable, keys: imageKeys, example: `image = { src = "/img/sale.png", alt = "The sale", width = 640, height = 360 }`},
	{name: "buttons", kind: aTables, keys: buttonKeys, example: `buttons = [{ text = "See offers", action = "/offers" }]`},
	{name: "steps", kind: aTables, keys: stepKeys, example: "[[messages.steps]]"},
	{name: "template", later: true},
	{name: "params", later: true},
	{name: "trigger", later: true},
	{name: "where", later: true},
	{name: "target", later: true},
	{name: "locales", later: true},
}

var stepKeys = []key{
	{name: "name", kind: aText, example: `name = "welcome"`},
	{name: "title", kind: aText, example: `title = "Welcome"`},
	{name: "text", kind: aText, example: `text = "Billing has a **new** home."`},
	{name: "image", kind: aTable, keys: imageKeys, example: `image = { src = "/img/billing.png", alt = "The billing page", width = 640, height = 360 }`},
	{name: "buttons", kind: aTables, keys: buttonKeys, example: `buttons = [{ text = "Show me", action = "next" }]`},
	{name: "display", later: true},
	{name: "position", later: true},
	{name: "target", later: true},
}

var imageKeys = []key{
	{name: "src", kind: aText, required: true, example: `src = "/img/billing.png"`},
	{name: "alt", kind: aText, required: true, example: `alt = "The billing page"`},
	{name: "width", kind: aNumber, example: "width = 640"},
	{name: "height", kind: aNumber, example: "height = 360"},
}

var buttonKeys = []key{
	{name: "name", kind: aText, example: `name = "see-offers"`},
	{name: "text", kind: aText, required: true, example: `text = "See offers"`},
	{name: "action", kind: aText, required: true, example: `action = "/offers"`},
}

// homes are the tables in which a key that stands in the wrong one may belong.
var homes = []struct {
	name string
	keys []key
}{
	{"[workspace]", workspaceKeys},
	{"[[messages]]", messageKeys},
	{"[[messages.steps]]", stepKeys},
	{"image = { … }", imageKeys},
	{"one of buttons = [{ … }]", buttonKeys},
}

func find(keys []key, name string) (key, bool) {
	for _, k := range keys {
		if k.name == name {
			return k, true
		}
	}
	return key{}, false
}

// names are the keys that can be written today.
func names(keys []key) []string {
	var all []string
	for _, k := range keys {
		if !k.later {
			all = append(all, k.name)
		}
	}
	return all
}
