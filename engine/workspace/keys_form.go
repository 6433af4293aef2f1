package workspace

import "handbill/engine/content"

var fieldKeys = []key{
	{
		name: "name", kind: aText, required: true,
		example: `name = "score"`,
		meaning: "What the answer is called in reports. Unique in the step; 1 to 64 letters, digits, `.`, `-`, `_`.",
	},
	{
		name: "type", kind: aText, required: true,
		words: words(content.FieldText, content.FieldEmail, content.FieldTextarea, content.FieldNumber, content.FieldSingle,
			content.FieldMulti, content.FieldRating, content.FieldNPS, content.FieldConsent),
		example: `type = "nps"`,
		meaning: "What it asks for: `\"text\"` one line, `\"email\"`, `\"textarea\"` several lines, `\"number\"`, `\"single\"` one of the options, `\"multi\"` several of them, `\"rating\"`, `\"nps\"` 0 to 10, `\"consent\"` a box to tick.",
	},
	{
		name: "label", kind: aText, required: true,
		example: `label = "How likely are you to recommend us?"`,
		meaning: "The question. Plain text.",
	},
	{
		name: "placeholder", kind: aText,
		example: `placeholder = "name@example.com"`,
		meaning: "An example of an answer, in an empty text, e-mail address or number.",
	},
	{
		name: "required", kind: aTruth,
		fallback: "false", example: "required = true",
		meaning: "`true`: without an answer the form is not sent.",
	},
	{
		name: "min", kind: aNumber,
		example: "min = 1",
		meaning: "The least number, the least characters of a text, or how many options have to be chosen of several.",
	},
	{
		name: "max", kind: aNumber,
		example: "max = 5",
		meaning: "The greatest number, the most characters of a text (500; 5000 of several lines), how many options may be chosen of several, or the end of a rating: 2 to 10, by default 5.",
	},
	{
		name: "scale", kind: aText, words: []string{content.ScaleNumbers, content.ScaleStars, content.ScaleEmoji},
		fallback: `"numbers"`, example: `scale = "stars"`,
		meaning: "How a rating looks: `\"numbers\"`, `\"stars\"`, or `\"emoji\"`, five faces.",
	},
	{
		name: "low", kind: aText,
		example: `low = "Not at all"`,
		meaning: "What the lower end of a rating or an NPS means.",
	},
	{
		name: "high", kind: aText,
		example: `high = "Very likely"`,
		meaning: "What the upper end means.",
	},
	{
		name: "error", kind: aText,
		example: `error = "Choose a number, please."`,
		meaning: "What is said when the answer is missing or wrong. By default the browser says it, in its own language.",
	},
	{
		name: "trait", kind: aText,
		example: `trait = "nps"`,
		meaning: "The visitor's trait that the answer becomes, for audiences and texts.",
	},
	{
		name: "options", kind: aTables, keys: optionKeys,
		example: `options = [{ value = "price", text = "The price" }, { value = "other", text = "Something else", goto = "why" }]`,
		meaning: "The answers to choose one or several of.",
	},
	{
		name: "ranges", kind: aTables, keys: rangeKeys,
		example: `ranges = [{ from = 0, to = 6, goto = "why" }]`,
		meaning: "Where answers of a number, a rating or an NPS lead.",
	},
}

var optionKeys = []key{
	{
		name: "value", kind: aText, required: true,
		example: `value = "price"`,
		meaning: "The answer in reports. Unique in the field, at most 100 characters.",
	},
	{
		name: "text", kind: aText,
		example: `text = "The price"`,
		meaning: "What the visitor reads; by default the value.",
	},
	{
		name: "goto", kind: aText,
		example: `goto = "why"`,
		meaning: "The step that comes after this answer, in place of the next one.",
	},
}

var rangeKeys = []key{
	{
		name: "from", kind: aNumber, required: true,
		example: "from = 0",
		meaning: "The first number of the range.",
	},
	{
		name: "to", kind: aNumber, required: true,
		example: "to = 6",
		meaning: "The last one.",
	},
	{
		name: "goto", kind: aText, required: true,
		example: `goto = "why"`,
		meaning: "The step that comes after these answers.",
	},
}

// fieldLocaleKeys are the texts of a field in another language.
var fieldLocaleKeys = append(pick(fieldKeys, "placeholder", "low", "high", "error"), key{
	name: "label", kind: aText,
	example: `label = "Wie wahrscheinlich empfehlen Sie uns weiter?"`,
	meaning: "The question.",
}, key{
	name: "options", kind: aTable, each: &key{kind: aText, example: `price = "Der Preis"`},
	example: `options = { price = "Der Preis" }`,
	meaning: "The options' texts, by their values.",
})
