package workspace

import (
	"slices"

	"handbill/engine/audience"
)

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

	aTextOrTable kind = "text or a table"
	aTextOrTexts kind = "text or a list of texts"
)

// key is one key that an author may write. The lists below are all that there
// is: what is not in them is an error.
type key struct {
	name string
	kind kind
	// words are all that a text, or one of a list, may be, where it is not free.
	words []string
	// laterWords and laterKinds are values that come with a later version.
	laterWords []string
	laterKinds []kind
	// later marks a key that comes with a later version.
	later bool
	// required keys must be there.
	required bool
	// fallback is the value, in TOML, that a key has when it is not written, where there is one for all cases.
	fallback string
	// example is how a right value is written.
	example string
	// meaning is what the documentation says of the key, in Markdown.
	meaning string
	// keys are those of a table, of each table of a list, or of the table that may stand instead of a word.
	keys []key
	// each is what stands under every name of a table whose names the author chooses.
	each *key
	// free tables hold whatever the author likes.
	free bool
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
	{name: "segments", kind: aTables, example: "[[segments]]", keys: segmentKeys},
	{name: "themes", kind: aTables, example: "[[themes]]", keys: themeKeys},
	{name: "templates", kind: aTables, example: "[[templates]]", keys: templateKeys},
	throttlesKey,
}

var workspaceKeys = []key{
	{
		name: "name", kind: aText,
		fallback: `"Handbill"`, example: `name = "Example"`,
		meaning: "What you call the workspace.",
	},
	{
		name: "site_id", kind: aText,
		fallback: `"handbill"`, example: `site_id = "example"`,
		meaning: "By what the browser's snippet names the workspace. 1 to 64 letters, digits, `.`, `-`, `_`.",
	},
	{
		name: "write_key", kind: aText,
		fallback: `"handbill-web"`, example: `write_key = "example-web"`,
		meaning: "The key in the snippet's `load(\"…\")` and in its file's address. It is public. 1 to 64 letters, digits, `.`, `-`, `_`.",
	},
	{
		name: "in_app", kind: aTruth,
		fallback: "true", example: "in_app = true",
		meaning: "`false` switches in-app messaging off: polls find nothing.",
	},
	{
		name: "timezone", kind: aText,
		example: `timezone = "Europe/Berlin"`,
		meaning: "The [IANA time zone](https://www.iana.org/time-zones) of every `start` and `end` that has none of its own.",
	},
	{
		name: "locale", kind: aText,
		example: `locale = "en"`,
		meaning: "The language that the texts are written in, as a [BCP 47](https://www.rfc-editor.org/info/bcp47) tag. Messages in [other languages](personalisation.md#languages) need it.",
	},
	{
		name: "theme", kind: aText,
		example: `theme = "brand"`,
		meaning: "The [theme](themes.md) of messages that name none.",
	},
	{
		name: "throttle", kind: aTable, keys: throttleKeys,
		example: `throttle = { min_gap = "30s", per_visit = 3, per_day = 5 }`,
		meaning: "How often one visitor sees [messages, all of them together](#throttle).",
	},
	{
		name: "on_error", kind: aText, words: []string{onErrorReject, onErrorSkip},
		fallback: `"reject"`, example: `on_error = "skip"`,
		meaning: "What is done when a message is wrong: `\"reject\"`, nothing of the files is taken over; `\"skip\"`, [that message alone is left out](#messages-that-are-wrong).",
	},
	{
		name: "traits", kind: aTable, each: &key{kind: aText, words: audience.TraitTypes(), example: `plan = "string"`},
		example: `traits = { plan = "string", seats = "int" }`,
		meaning: "The [types of traits](conditions.md#types-of-traits), by their names: `\"string\"`, `\"int\"`, `\"float\"`, `\"bool\"`, `\"time\"`, `\"list\"`. Conditions are checked against them.",
	},
}

var segmentKeys = []key{
	{
		name: "id", kind: aText, required: true,
		example: `id = "trial-users"`,
		meaning: "What audiences, and `segment(\"…\")` in conditions, call it. Unique among the segments; 1 to 64 letters, digits, `.`, `-`, `_`; not `anyone`, `anonymous` or `identified`.",
	},
	{
		name: "where", kind: aText,
		example: `where = 'traits.plan == "trial"'`,
		meaning: "The [condition](conditions.md) of being in it.",
	},
	{
		name: "ids", kind: aText,
		example: `ids = "vip.txt"`,
		meaning: "Instead of `where`: a file beside this one with the user ids, or anonymous ids, of those who are in it, one on each line. Its path starts at this file's folder and stays in it. It is watched like this file.",
	},
}

// messageKeys are those of a message: when it is shown, and what.
var messageKeys = slices.Concat([]key{
	{
		name: "id", kind: aText, required: true,
		example: `id = "spring-sale"`,
		meaning: "What the message is known by, in reports, statistics and commands. Unique in the workspace; 1 to 64 letters, digits, `.`, `-`, `_`. A new `id` is a new message: who dismissed the old one sees it.",
	},
	{
		name: "kind", kind: aText, words: words(KindBroadcast, KindCampaign, KindTransactional),
		fallback: `"broadcast"`, example: `kind = "broadcast"`,
		meaning: "How it comes to a visitor: `\"broadcast\"`: to its whole audience, from its start on; `\"campaign\"`: after its [`trigger`](#trigger); `\"transactional\"`: [sent](campaigns.md#transactional) to one person.",
	},
	{
		name: "status", kind: aText, words: words(StatusDraft, StatusLive, StatusPaused, StatusArchived, StatusShadow),
		fallback: `"live"`, example: `status = "live"`,
		meaning: "`\"live\"`; `\"draft\"`: not shown, except by send test; `\"paused\"`: not shown for now; `\"archived\"`: over; `\"shadow\"`: not shown, but [counted](campaigns.md#status) where it would have been. All are checked.",
	},
	{
		name: "trigger", kind: aTable, keys: triggerKeys,
		example: `trigger = { event = "signed_up", delay = "1h" }`,
		meaning: "What [starts a campaign](#trigger) for a visitor.",
	},
	{
		name: "exit", kind: aText,
		example: `exit = 'traits.plan == "paid"'`,
		meaning: "A [condition](conditions.md) on which a visitor [leaves the campaign](campaigns.md#leaving) for good.",
	},
	{
		name: "audience", kind: aTextOrTexts,
		fallback: `"anyone"`, example: `audience = "anyone"`,
		meaning: "Who sees it: `\"anyone\"`; `\"anonymous\"`: who has not identified; `\"identified\"`: who has; a [segment](#segments); or [a list](conditions.md#segments-and-audiences) of these, of which those with `!` are excluded.",
	},
	{
		name: "where", kind: aText,
		example: `where = 'traits.seats > 4'`,
		meaning: "A [condition](conditions.md) that must hold as well.",
	},
	{
		name: "bots", kind: aText, words: []string{botsExcluded, botsIncluded},
		fallback: `"exclude"`, example: `bots = "include"`,
		meaning: "`\"exclude\"`: programs that say in their user agent that they are one, such as search engines, do not see it; `\"include\"`: they do.",
	},
	{
		name: "pages", kind: aTextList, required: true,
		example: `pages = ["*"]`,
		meaning: "The pages it may appear on: see [page rules](page-rules.md). `[\"*\"]` is every page. A message in the inbox needs none.",
	},
	{
		name: "except", kind: aTextList,
		example: `except = ["/admin/*"]`,
		meaning: "Page rules of pages on which it does not appear although `pages` says so.",
	},
	{
		name: "start", kind: aMoment,
		example: "start = 2026-12-01T09:00:00+01:00",
		meaning: "From when on it is shown.",
	},
	{
		name: "end", kind: aMoment,
		example: "end = 2026-12-31T18:00:00+01:00",
		meaning: "From when on it is not shown any more.",
	},
	{
		name: "priority", kind: aNumber,
		fallback: "100", example: "priority = 10",
		meaning: "Which message comes first: the lower. Of equal ones the one with the earlier `start`, none being the earliest, then the one that stands first in the files.",
	},
	{
		name: "frequency", kind: aTextOrTable, words: presetNames(), keys: frequencyKeys,
		fallback: `"until_dismissed"`, example: `frequency = "until_dismissed"`,
		meaning: "How often one visitor sees it: `\"once\"`, `\"once_per_visit\"`, `\"until_dismissed\"`, `\"until_action\"`, `\"always\"`, or [a table](#frequency) of bounds.",
	},
	{
		name: "ignore_throttle", kind: aTruth,
		fallback: "false", example: "ignore_throttle = true",
		meaning: "`true`: no [throttle](#throttle) keeps it back or counts it.",
	},
}, shownKeys, []key{
	{
		name: "form_event", kind: aText,
		fallback: `"Form Submitted"`, example: `form_event = "Survey Answered"`,
		meaning: "The name of the event that answers to its [fields](forms.md) become.",
	},
	{
		name: "template", kind: aText,
		example: `template = "announcement"`,
		meaning: "The [template](#templates) whose content it shows. What the message writes itself comes in place of the template's.",
	},
}, timingKeys, experimentKeys, inboxKeys, embedKey)

// shownKeys are what a message shows, and what its variants may show instead.
var shownKeys = slices.Concat(displayKeys, []key{
	{
		name: "title", kind: aText,
		example: `title = "Spring sale"`,
		meaning: "The heading. Plain text.",
	},
	{
		name: "text", kind: aText,
		example: `text = "20 % off until **Sunday**."`,
		meaning: "What it says, in [Markdown](#text).",
	},
	{
		name: "html", kind: aText,
		example: `html = "<p>20 % off until <strong>Sunday</strong>.</p>"`,
		meaning: "What it says in [HTML](#html), in place of `text`.",
	},
	{
		name: "html_sandbox", kind: aText,
		example: `html_sandbox = "<!doctype html><title>Sale</title><p>20 % off.</p>"`,
		meaning: "A whole HTML document, scripts and all, that is shown in a [sandbox](#html_sandbox) in place of `text`.",
	},
	{
		name: "image", kind: aTable, keys: imageKeys,
		example: `image = { src = "/img/sale.png", alt = "The sale", width = 640, height = 360 }`,
		meaning: "A [picture](#image).",
	},
	{
		name: "fields", kind: aTables, keys: fieldKeys,
		example: `fields = [{ name = "score", type = "nps", label = "How likely are you to recommend us?" }]`,
		meaning: "Questions to answer: see [forms and surveys](forms.md).",
	},
	{
		name: "buttons", kind: aTables, keys: buttonKeys,
		example: `buttons = [{ text = "See offers", action = "/offers" }]`,
		meaning: "[Buttons](#buttons), beside the close button that every message has.",
	},
	{
		name: "steps", kind: aTables, keys: stepKeys,
		example: "[[messages.steps]]",
		meaning: "[Steps](#messagessteps) instead of one title, text, image and buttons.",
	},
	{
		name: "theme", kind: aText,
		example: `theme = "brand"`,
		meaning: "The [theme](themes.md) that says how it looks; by default the workspace's.",
	},
	{
		name: "params", kind: aTable, free: true,
		example: `params = { title = "Dark mode is here" }`,
		meaning: "What the template's params are, by name.",
	},
	{
		name: "locales", kind: aTable, each: &key{kind: aTable, keys: localeKeys, example: "[messages.locales.de]"},
		example: `locales = { de = { title = "Frühlingsangebote" } }`,
		meaning: "The message in [other languages](#messageslocalesde), by their tags.",
	},
})

var stepKeys = slices.Concat([]key{
	{
		name: "name", kind: aText,
		example: `name = "welcome"`,
		meaning: "Unique in the message, at most 100 characters. The event `in-app:message-changed` reports the new step's name as `actionName`.",
	},
	{
		name: "title", kind: aText,
		example: `title = "Welcome"`,
		meaning: "The step's heading. Plain text.",
	},
	{
		name: "text", kind: aText,
		example: `text = "Billing has a **new** home."`,
		meaning: "What the step says, in [Markdown](#text).",
	},
	{
		name: "html", kind: aText,
		example: `html = "<p>20 % off until <strong>Sunday</strong>.</p>"`,
		meaning: "What the step says in [HTML](#html), in place of `text`.",
	},
	{
		name: "image", kind: aTable, keys: imageKeys,
		example: `image = { src = "/img/billing.png", alt = "The billing page", width = 640, height = 360 }`,
		meaning: "The step's [picture](#image).",
	},
	{
		name: "fields", kind: aTables, keys: fieldKeys,
		example: `fields = [{ name = "score", type = "nps", label = "How likely are you to recommend us?" }]`,
		meaning: "The step's questions: see [forms and surveys](forms.md).",
	},
	{
		name: "buttons", kind: aTables, keys: buttonKeys,
		example: `buttons = [{ text = "Show me", action = "next" }]`,
		meaning: "The step's [buttons](#buttons).",
	},
}, own(placementKeys))

// templateKeys are what a template says of itself and, as messages have it, what it shows.
var templateKeys = append([]key{
	{
		name: "id", kind: aText, required: true,
		example: `id = "announcement"`,
		meaning: "What messages name it by. Unique among the templates; 1 to 64 letters, digits, `.`, `-`, `_`.",
	},
	{
		name: "params", kind: aTextList,
		example: `params = ["title", "body"]`,
		meaning: "The names of what each message fills in; its texts have them as `{{ params.title }}`. Letters, digits and `_`.",
	},
	{
		name: "steps", kind: aTables, keys: stepKeys,
		example: "[[templates.steps]]",
		meaning: "[Steps](#messagessteps) instead of one title, text, image and buttons.",
	},
}, slices.Concat(displayKeys, pick(messageKeys, "title", "text", "html", "image", "fields", "buttons"))...)

// localeKeys are the texts of a message in another language.
var localeKeys = append([]key{
	{
		name: "params", kind: aTable, free: true,
		example: `params = { title = "Das dunkle Design ist da" }`,
		meaning: "The template's params that are other in this language.",
	},
	{
		name: "steps", kind: aTable, each: &key{kind: aTable, keys: stepLocaleKeys, example: "[messages.locales.de.steps.welcome]"},
		example: `steps = { welcome = { title = "Willkommen" } }`,
		meaning: "The steps' texts, by the steps' names.",
	},
}, stepLocaleKeys...)

var stepLocaleKeys = []key{
	{
		name: "title", kind: aText,
		example: `title = "Frühlingsangebote"`,
		meaning: "The heading.",
	},
	{
		name: "text", kind: aText,
		example: `text = "20 % Rabatt bis **Sonntag**."`,
		meaning: "What it says, in [Markdown](#text).",
	},
	{
		name: "html", kind: aText,
		example: `html = "<p>20 % Rabatt bis <strong>Sonntag</strong>.</p>"`,
		meaning: "What it says in [HTML](#html), in place of `text`.",
	},
	{
		name: "image", kind: aTable, keys: imageLocaleKeys,
		example: `image = { alt = "Drei Tarife" }`,
		meaning: "The picture's `src`, `alt` or both.",
	},
	{
		name: "fields", kind: aTable, each: &key{kind: aTable, keys: fieldLocaleKeys, example: "[messages.locales.de.fields.score]"},
		example: `fields = { score = { label = "Wie wahrscheinlich empfehlen Sie uns weiter?" } }`,
		meaning: "The fields' texts, by the fields' names: [what each can say](forms.md#other-languages).",
	},
	{
		name: "buttons", kind: aTable, each: &key{kind: aText, example: `see-offers = "Zu den Angeboten"`},
		example: `buttons = { see-offers = "Zu den Angeboten" }`,
		meaning: "What is written on the buttons, by their names.",
	},
}

var imageLocaleKeys = []key{
	{
		name: "src", kind: aText,
		example: `src = "/img/tarife.png"`,
		meaning: "Where the picture for this language is.",
	},
	{
		name: "alt", kind: aText,
		example: `alt = "Drei Tarife"`,
		meaning: "What it says, for those who do not see it.",
	},
}

// pick are the keys with names.
func pick(keys []key, names ...string) []key {
	var picked []key
	for _, name := range names {
		if k, ok := find(keys, name); ok {
			picked = append(picked, k)
		}
	}
	return picked
}

var imageKeys = []key{
	{
		name: "src", kind: aText, required: true,
		example: `src = "/img/billing.png"`,
		meaning: "A path that starts with `/`, or a URL with `https://` or `http://`.",
	},
	{
		name: "alt", kind: aText, required: true,
		example: `alt = "The billing page"`,
		meaning: "What the picture says, for those who do not see it. `\"\"` for a picture that only decorates.",
	},
	{
		name: "width", kind: aNumber,
		example: "width = 640",
		meaning: "The picture's width in pixels, 1 to 10000.",
	},
	{
		name: "height", kind: aNumber,
		example: "height = 360",
		meaning: "The picture's height in pixels, 1 to 10000. With both, nothing jumps when the picture arrives.",
	},
}

var buttonKeys = []key{
	{
		name: "name", kind: aText,
		example: `name = "see-offers"`,
		meaning: "What reports call the button; `actionName` of the event `in-app:message-action`. Unique in the step, at most 100 characters.",
	},
	{
		name: "text", kind: aText, required: true,
		example: `text = "See offers"`,
		meaning: "What is written on it. Plain text.",
	},
	{
		name: "action", kind: aText, required: true,
		example: `action = "/offers"`,
		meaning: "What a click does, see below; `actionValue` of the event.",
	},
}

var frequencyKeys = append([]key{
	{
		name: "lifetime", kind: aNumber,
		example: "lifetime = 3",
		meaning: "How often it is shown at all.",
	},
	{
		name: "per_visit", kind: aNumber,
		example: "per_visit = 1",
		meaning: "How often it is shown in one visit, at most 32. A visit ends when no page was open for 30 minutes.",
	},
	{
		name: "caps", kind: aTextList,
		example: `caps = ["1/day", "3/week"]`,
		meaning: "How often it is shown within any stretch of time of this length: a number from 1 to 32, and `minute`, `hour`, `day`, `week`, `month` (30 days) or a length such as `36h`.",
	},
	{
		name: "min_gap", kind: aText,
		example: `min_gap = "2h"`,
		meaning: "The least time between two showings: numbers with `s`, `m`, `h`, `d` or `w`.",
	},
	{
		name: "stop_on", kind: aTextList, words: []string{"dismiss", "action", "conversion"},
		example: `stop_on = ["dismiss", "action"]`,
		meaning: "What ends it for a visitor: `\"dismiss\"`, closing it; `\"action\"`, a button that leads on, which is any but `dismiss` and `next`; `\"conversion\"`, reaching the [goal](#goal).",
	},
	{
		name: "stop_after_days", kind: aNumber,
		example: "stop_after_days = 14",
		meaning: "How many days after its first showing it ends for a visitor.",
	},
}, wireFrequencyKeys...)

var throttleKeys = []key{
	{
		name: "min_gap", kind: aText,
		example: `min_gap = "30s"`,
		meaning: "The least time between two messages: numbers with `s`, `m`, `h`, `d` or `w`.",
	},
	{
		name: "per_visit", kind: aNumber,
		example: "per_visit = 3",
		meaning: "How many messages a visitor sees in one visit, at most 32.",
	},
	{
		name: "per_day", kind: aNumber,
		example: "per_day = 5",
		meaning: "How many messages a visitor sees within any 24 hours, at most 32.",
	},
}

// homes are the tables in which a key that stands in the wrong one may belong.
var homes = []struct {
	name string
	keys []key
}{
	{"[workspace]", workspaceKeys},
	{"[[messages]]", messageKeys},
	{"[[segments]]", segmentKeys},
	{"[[templates]]", templateKeys},
	{"[[messages.steps]]", stepKeys},
	{"[[messages.variants]]", variantKeys},
	{"[[themes]]", themeKeys},
	{"image = { … }", imageKeys},
	{"one of fields = [{ … }]", fieldKeys},
	{"frequency = { … }", frequencyKeys},
	{"throttle = { … }", throttleKeys},
	{"trigger = { … }", triggerKeys},
	{"[[throttles]]", groupThrottleKeys},
	{"schedule = { … }", scheduleKeys},
	{"goal = { … }", goalKeys},
	{"when = { … }", whenKeys},
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
