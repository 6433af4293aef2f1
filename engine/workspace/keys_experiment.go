package workspace

import "slices"

// The keys of experiments.

// experimentKeys are those of a message.
var experimentKeys = []key{
	{
		name: "rollout", kind: aNumber,
		fallback: "100", example: "rollout = 25",
		meaning: "To how many percent of visitors it is [rolled out](experiments.md#roll-out), from 0 to 100.",
	},
	{
		name: "variants", kind: aTables, keys: variantKeys,
		example: "[[messages.variants]]",
		meaning: "[Other contents](#messagesvariants), each for a part of the visitors.",
	},
	{
		name: "holdout", kind: aNumber,
		fallback: "0", example: "holdout = 10",
		meaning: "How many percent of visitors are [held out](experiments.md#holdout), from 0 to 99: they do not see it, and are counted where they would have.",
	},
	{
		name: "exclusive_group", kind: aText,
		example: `exclusive_group = "onboarding"`,
		meaning: "A visitor is in exactly one message of an [exclusive group](experiments.md#exclusive-groups). 1 to 64 letters, digits, `.`, `-`, `_`.",
	},
	{
		name: "seed", kind: aText,
		example: `seed = "spring"`,
		meaning: "What [lots](experiments.md#lots) are drawn from for roll-out, variants and holdout; by default the message's `id`. Messages of one seed draw alike. 1 to 64 letters, digits, `.`, `-`, `_`.",
	},
}

// variantKeys are those of a variant: what it shows in place of what the message does.
var variantKeys = slices.Concat([]key{
	{
		name: "id", kind: aText, required: true,
		example: `id = "short"`,
		meaning: "What statistics and reports call it. Unique among the message's variants; not `control` or `holdout`; 1 to 64 letters, digits, `.`, `-`, `_`.",
	},
	{
		name: "weight", kind: aNumber,
		example: "weight = 20",
		meaning: "How many percent of visitors get it, from 0 to 100. What the variants with a weight leave is shared equally by those without one and the message as it stands.",
	},
}, shownKeys)
