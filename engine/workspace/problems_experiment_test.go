package workspace

func init() { wrongValues = append(wrongValues, wrongExperiments...) }

// What is said of wrong values of the keys of experiments.
var wrongExperiments = []struct{ key, name, text, want string }{
	{"messages.rollout", "is text", banner + "rollout = \"25%\"\n", `a.toml:6:1: message "spring-sale": rollout must be a whole number, but is text; write rollout = 25`},
	{"messages.rollout", "is a fraction", banner + "rollout = 0.25\n", `a.toml:6:1: message "spring-sale": rollout must be a whole number, but is a number with a fraction; write rollout = 25`},
	{"messages.rollout", "is more than all", banner + "rollout = 101\n", `a.toml:6:1: message "spring-sale": rollout 101 is out of range; write a percentage from 0 to 100`},
	{"messages.rollout", "is negative", banner + "rollout = -1\n", `a.toml:6:1: message "spring-sale": rollout -1 is out of range; write a percentage from 0 to 100`},
	{"messages.holdout", "is true", banner + "holdout = true\n", `a.toml:6:1: message "spring-sale": holdout must be a whole number, but is true or false; write holdout = 10`},
	{"messages.holdout", "is everybody", banner + "holdout = 100\n", `a.toml:6:1: message "spring-sale": a holdout of 100 % leaves nobody to see it; set status = "shadow" to show it to nobody and count where it would have been`},
	{"messages.holdout", "is negative", banner + "holdout = -5\n", `a.toml:6:1: message "spring-sale": holdout -5 is out of range; write a percentage from 0 to 99`},
	{"messages.exclusive_group", "is a list", banner + "exclusive_group = [\"onboarding\"]\n", `a.toml:6:1: message "spring-sale": exclusive_group must be text, but is a list of texts; write exclusive_group = "onboarding"`},
	{"messages.exclusive_group", "has a blank", banner + "exclusive_group = \"on boarding\"\n", `a.toml:6:1: message "spring-sale": the exclusive_group "on boarding" cannot be used; use 1 to 64 of the letters a to z and A to Z, digits, dot, dash and underscore`},
	{"messages.seed", "is a number", banner + "seed = 7\n", `a.toml:6:1: message "spring-sale": seed must be text, but is a whole number; write seed = "spring"`},
	{"messages.seed", "is empty", banner + "seed = \"\"\n", `a.toml:6:1: message "spring-sale": the seed "" cannot be used; use 1 to 64 of the letters a to z and A to Z, digits, dot, dash and underscore`},

	{"messages.variants", "is text", banner + "variants = \"b\"\n", `a.toml:6:1: message "spring-sale": variants must be a list of tables, but is text; write [[messages.variants]]`},
	{"messages.variants", "is empty", banner + "variants = []\n", `a.toml:6:1: message "spring-sale": variants is empty; add a variant, or leave the key out`},
	{"messages.variants", "weigh too much", banner + "variants = [{ id = \"b\", weight = 60 }, { id = \"c\", weight = 50 }]\n", `a.toml:6:1: message "spring-sale": the weights of the variants are 110 together; write smaller ones; what they leave of 100 sees the message as it stands`},
	{"messages.variants", "has a key of the message", banner + "[[messages.variants]]\nid = \"b\"\npriority = 1\n", `a.toml:8:1: message "spring-sale", variant "b": there is no key "priority" here; it belongs in [[messages]]`},
	{"messages.variants", "has steps beside a title", banner + "[[messages.variants]]\nid = \"b\"\ntitle = \"A\"\n[[messages.variants.steps]]\ntext = \"A\"\n", `a.toml:8:1: message "spring-sale", variant "b": title stands beside steps; move it into a step, or take the steps away`},
	{"messages.variants", "has text and html", banner + "[[messages.variants]]\nid = \"b\"\ntext = \"A\"\nhtml = \"<p>A</p>\"\n", `a.toml:9:1: message "spring-sale", variant "b": html stands beside text; keep one of the two`},
	{"messages.variants", "has a template with an error", banner + "[[messages.variants]]\nid = \"b\"\ntext = \"{{ nobody.name }}\"\n", `a.toml:8:1: message "spring-sale", variant "b": there is no variable "nobody", in {{ nobody.name }}; what a text can read is traits, visitor, page, locale, event and data`},
	{"messages.variants.id", "is missing", banner + "[[messages.variants]]\ntitle = \"A\"\n", `a.toml:6:1: message "spring-sale", variant 1: id is missing; add id = "short"`},
	{"messages.variants.id", "is control", banner + "variants = [{ id = \"control\", title = \"A\" }]\n", `a.toml:6:15: message "spring-sale", variant "control": the id "control" has a meaning of its own; choose another; the message as it stands is control, without being written`},
	{"messages.variants.id", "is there twice", banner + "variants = [{ id = \"b\", title = \"A\" }, { id = \"b\", title = \"B\" }]\n", `a.toml:6:42: message "spring-sale", variant "b": the id "b" is that of variant 1 already; give one of the two another id`},
	{"messages.variants.id", "has a colon", banner + "variants = [{ id = \"b:1\", title = \"A\" }]\n", `a.toml:6:15: message "spring-sale", variant "b:1": the id "b:1" cannot be used; use 1 to 64 of the letters a to z and A to Z, digits, dot, dash and underscore`},
	{"messages.variants.weight", "is text", banner + "variants = [{ id = \"b\", title = \"A\", weight = \"half\" }]\n", `a.toml:6:38: message "spring-sale", variant "b": weight must be a whole number, but is text; write weight = 20`},
	{"messages.variants.weight", "is negative", banner + "variants = [{ id = \"b\", title = \"A\", weight = -1 }]\n", `a.toml:6:38: message "spring-sale", variant "b": weight -1 is out of range; write a percentage from 0 to 100`},
}
