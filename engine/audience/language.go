package audience

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Types of the facts that have fields. Their names appear nowhere in conditions.
var (
	visitorType = cel.ObjectType("visitor")
	pageType    = cel.ObjectType("page")
	requestType = cel.ObjectType("request")
	visitType   = cel.ObjectType("visit")
	utmType     = cel.ObjectType("utm")
	eventType   = cel.ObjectType("events")
	traitsType  = cel.ObjectType("traits")
	versionType = cel.OpaqueType("version")
	anyMap      = cel.MapType(cel.StringType, cel.DynType)
)

// variable is one of the names that a condition starts from.
type variable struct {
	name string
	kind *cel.Type
	read func(*Facts) value
}

var variables = []variable{
	{"visitor", visitorType, nil},
	{"traits", anyMap, func(f *Facts) value { return value{kind: object, items: f.Traits} }},
	{"page", pageType, nil},
	{"request", requestType, nil},
	{"visit", visitType, nil},
	{"events", cel.MapType(cel.StringType, eventType), nil},
	{"event", anyMap, func(f *Facts) value { return value{kind: object, items: f.Event} }},
	{"now", cel.TimestampType, func(f *Facts) value {
		f.untimed = true
		return ofTime(f.Now)
	}},
}

// attribute is a field of one of the facts.
type attribute struct {
	kind *cel.Type
	read func(*Facts) value
}

// attributes are the fields of every type above, by the type's name.
var attributes = map[string]map[string]attribute{
	"visitor": {
		"id":         {cel.StringType, func(f *Facts) value { return known(f.Visitor.ID()) }},
		"anonymous":  {cel.BoolType, func(f *Facts) value { return truth(!f.Visitor.Identified) }},
		"identified": {cel.BoolType, func(f *Facts) value { return truth(f.Visitor.Identified) }},
		"verified":   {cel.BoolType, func(f *Facts) value { return truth(f.Visitor.Verified) }},
		"new":        {cel.BoolType, func(f *Facts) value { return truth(f.Visitor.New) }},
		"first_seen": {cel.TimestampType, func(f *Facts) value { return ofTime(f.Visitor.FirstSeen) }},
		"last_seen":  {cel.TimestampType, func(f *Facts) value { return ofTime(f.Visitor.LastSeen) }},
		"groups":     {cel.ListType(cel.StringType), func(f *Facts) value { return ofTexts(&f.Visitor.Groups) }},
	},
	"page": {
		"url":   {cel.StringType, func(f *Facts) value { return ofText(f.Page.URL) }},
		"host":  {cel.StringType, func(f *Facts) value { return ofText(f.Page.Host) }},
		"path":  {cel.StringType, func(f *Facts) value { return ofText(f.Page.Path) }},
		"query": {cel.StringType, func(f *Facts) value { return ofText(f.Page.Query) }},
		"name":  {cel.StringType, func(f *Facts) value { return ofText(f.Page.Name) }},
	},
	"request": {
		"country":   {cel.StringType, func(f *Facts) value { return known(f.Request.Country) }},
		"language":  {cel.StringType, func(f *Facts) value { return ofText(f.Request.language()) }},
		"languages": {cel.ListType(cel.StringType), func(f *Facts) value { return ofTexts(&f.Request.Languages) }},
		"device":    {cel.StringType, func(f *Facts) value { return known(f.Request.Device) }},
		"browser":   {cel.StringType, func(f *Facts) value { return known(f.Request.Browser) }},
		"os":        {cel.StringType, func(f *Facts) value { return known(f.Request.OS) }},
		"bot":       {cel.BoolType, func(f *Facts) value { return truth(f.Request.Bot) }},
		"referrer":  {cel.StringType, func(f *Facts) value { return ofText(f.Request.Referrer) }},
		"method":    {cel.StringType, func(f *Facts) value { return known(f.Request.Method) }},
	},
	"visit": {
		"count":        {cel.IntType, func(f *Facts) value { return ofInteger(int64(f.Visit.Count)) }},
		"page_views":   {cel.IntType, func(f *Facts) value { return ofInteger(int64(f.Visit.PageViews)) }},
		"landing_page": {cel.StringType, func(f *Facts) value { return ofText(f.Visit.LandingPage) }},
		"referrer":     {cel.StringType, func(f *Facts) value { return ofText(f.Visit.Referrer) }},
		"started":      {cel.TimestampType, func(f *Facts) value { return ofTime(f.Visit.Started) }},
		"utm":          {utmType, nil},
	},
	"utm": {
		"source":   {cel.StringType, func(f *Facts) value { return ofText(f.Visit.UTM.Source) }},
		"medium":   {cel.StringType, func(f *Facts) value { return ofText(f.Visit.UTM.Medium) }},
		"campaign": {cel.StringType, func(f *Facts) value { return ofText(f.Visit.UTM.Campaign) }},
		"term":     {cel.StringType, func(f *Facts) value { return ofText(f.Visit.UTM.Term) }},
		"content":  {cel.StringType, func(f *Facts) value { return ofText(f.Visit.UTM.Content) }},
	},
	"events": {
		"count": {cel.IntType, nil},
		"first": {cel.TimestampType, nil},
		"last":  {cel.TimestampType, nil},
	},
}

func (r *Request) language() string {
	if len(r.Languages) == 0 {
		return ""
	}
	return r.Languages[0]
}

// ofTexts is a list of texts. It holds them by their address, because a slice in an interface is allocated.
func ofTexts(texts *[]string) value { return value{kind: list, items: texts} }

// declaredTypes are what CEL calls the types that a workspace declares for traits.
var declaredTypes = map[string]*cel.Type{
	"string": cel.StringType,
	"int":    cel.IntType,
	"float":  cel.DoubleType,
	"bool":   cel.BoolType,
	"time":   cel.TimestampType,
	"list":   cel.ListType(cel.DynType),
}

// signature is one way to call a function or an operator.
type signature struct {
	name   string
	member bool
	takes  []*cel.Type
	gives  *cel.Type
	// id is CEL's own name of the signature where its estimate of costs knows it.
	id string
}

// usage shows how a function is written, for errors.
var usage = map[string]string{
	"startsWith":  `traits.email.startsWith("info@")`,
	"endsWith":    `traits.email.endsWith("@example.com")`,
	"contains":    `page.path.contains("/billing")`,
	"matches":     `page.path.matches("^/orders/[0-9]+$")`,
	"lowerAscii":  `traits.plan.lowerAscii() == "trial"`,
	"trim":        `traits.plan.trim() == "trial"`,
	"size":        `size(traits.tags) > 2`,
	"has":         `has(traits.plan)`,
	"default":     `default(traits.plan, "free") == "free"`,
	"empty":       `empty(traits.first_name)`,
	"within_last": `within_last(visitor.first_seen, "7d")`,
	"within_next": `within_next(traits.trial_ends_at, "3d")`,
	"older_than":  `older_than(visitor.first_seen, "30d")`,
	"event_count": `event_count("signed_up", "7d") > 0`,
	"segment":     `segment("trial-users")`,
	"version":     `version(traits.app_version) >= version("2.1")`,
	"timestamp":   `now >= timestamp("2026-12-01T09:00:00+01:00")`,
	"duration":    `now - visit.started > duration("10m")`,
	"int":         `int(traits.seats) > 5`,
	"double":      `double(traits.score) > 0.5`,
	"string":      `string(traits.account) == "1234"`,
	"bool":        `bool(traits.beta)`,
	"speaks":      `request.speaks("de")`,
	"parameter":   `page.parameter("ref") == "mail"`,
	"all":         `traits.tags.all(tag, tag != "internal")`,
	"exists":      `traits.tags.exists(tag, tag.startsWith("vip-"))`,
	"exists_one":  `traits.tags.exists_one(tag, tag.startsWith("team-"))`,

	"getFullYear":   `now.getFullYear() == 2026`,
	"getMonth":      `now.getMonth("Europe/Berlin") == 11`,
	"getDate":       `now.getDate("Europe/Berlin") == 24`,
	"getDayOfMonth": `now.getDayOfMonth("Europe/Berlin") == 23`,
	"getDayOfWeek":  `now.getDayOfWeek("Europe/Berlin") in [0, 6]`,
	"getDayOfYear":  `now.getDayOfYear("Europe/Berlin") == 0`,
	"getHours":      `now.getHours("Europe/Berlin") >= 18`,
	"getMinutes":    `now.getMinutes() < 30`,
}

// signatures are the operators and functions of the language: CEL's where CEL has them, so that an author who knows CEL
// knows these, and what conditions about visitors need beside them. Numbers of both kinds go together everywhere.
func signatures() []signature {
	a, b := cel.TypeParamType("A"), cel.TypeParamType("B")
	boolean, integer, decimal, text := cel.BoolType, cel.IntType, cel.DoubleType, cel.StringType
	moment, span, anything := cel.TimestampType, cel.DurationType, cel.DynType
	list, object := cel.ListType(a), cel.MapType(a, b)

	all := []signature{
		{operators.LogicalAnd, false, []*cel.Type{boolean, boolean}, boolean, overloads.LogicalAnd},
		{operators.LogicalOr, false, []*cel.Type{boolean, boolean}, boolean, overloads.LogicalOr},
		{operators.LogicalNot, false, []*cel.Type{boolean}, boolean, overloads.LogicalNot},
		{operators.NotStrictlyFalse, false, []*cel.Type{boolean}, boolean, overloads.NotStrictlyFalse},
		{operators.Conditional, false, []*cel.Type{boolean, a, a}, a, overloads.Conditional},
		{operators.In, false, []*cel.Type{text, object}, boolean, ""},
		{operators.In, false, []*cel.Type{text, traitsType}, boolean, ""},
		{operators.Index, false, []*cel.Type{list, integer}, a, overloads.IndexList},
		{operators.Index, false, []*cel.Type{object, a}, b, overloads.IndexMap},
		{operators.Index, false, []*cel.Type{traitsType, text}, anything, ""},
		{operators.Negate, false, []*cel.Type{integer}, integer, overloads.NegateInt64},
		{operators.Negate, false, []*cel.Type{decimal}, decimal, overloads.NegateDouble},
		{operators.Add, false, []*cel.Type{text, text}, text, overloads.AddString},
		{operators.Add, false, []*cel.Type{moment, span}, moment, overloads.AddTimestampDuration},
		{operators.Add, false, []*cel.Type{span, moment}, moment, overloads.AddDurationTimestamp},
		{operators.Add, false, []*cel.Type{span, span}, span, overloads.AddDurationDuration},
		{operators.Subtract, false, []*cel.Type{moment, moment}, span, overloads.SubtractTimestampTimestamp},
		{operators.Subtract, false, []*cel.Type{moment, span}, moment, overloads.SubtractTimestampDuration},
		{operators.Subtract, false, []*cel.Type{span, span}, span, overloads.SubtractDurationDuration},

		{"startsWith", true, []*cel.Type{text, text}, boolean, overloads.StartsWithString},
		{"endsWith", true, []*cel.Type{text, text}, boolean, overloads.EndsWithString},
		{"contains", true, []*cel.Type{text, text}, boolean, overloads.ContainsString},
		{"matches", true, []*cel.Type{text, text}, boolean, overloads.MatchesString},
		{"lowerAscii", true, []*cel.Type{text}, text, ""},
		{"trim", true, []*cel.Type{text}, text, ""},
		{"size", false, []*cel.Type{text}, integer, overloads.SizeString},
		{"size", false, []*cel.Type{list}, integer, overloads.SizeList},
		{"size", false, []*cel.Type{object}, integer, overloads.SizeMap},
		{"size", true, []*cel.Type{text}, integer, overloads.SizeStringInst},
		{"size", true, []*cel.Type{list}, integer, overloads.SizeListInst},
		{"size", true, []*cel.Type{object}, integer, overloads.SizeMapInst},

		{presence, false, []*cel.Type{a}, boolean, ""},
		{"empty", false, []*cel.Type{a}, boolean, ""},
		{"within_last", false, []*cel.Type{moment, text}, boolean, ""},
		{"within_next", false, []*cel.Type{moment, text}, boolean, ""},
		{"older_than", false, []*cel.Type{moment, text}, boolean, ""},
		{"event_count", false, []*cel.Type{text}, integer, ""},
		{"event_count", false, []*cel.Type{text, text}, integer, ""},
		{"segment", false, []*cel.Type{text}, boolean, ""},
		{"speaks", true, []*cel.Type{requestType, text}, boolean, ""},
		{"parameter", true, []*cel.Type{pageType, text}, text, ""},
	}
	add := func(name string, gives *cel.Type, takes ...*cel.Type) {
		all = append(all, signature{name: name, takes: takes, gives: gives})
	}
	// CEL knows one signature of == for every type, but would then not let 5 be compared with 5.0.
	mixed := [][2]*cel.Type{{integer, decimal}, {decimal, integer}}
	for _, operator := range []string{operators.Equals, operators.NotEquals} {
		for _, each := range []*cel.Type{boolean, integer, decimal, text, moment, span, versionType, list} {
			add(operator, boolean, each, each)
		}
		for _, pair := range mixed {
			add(operator, boolean, pair[0], pair[1])
		}
	}
	for _, operator := range []string{operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals} {
		for _, each := range []*cel.Type{integer, decimal, text, moment, span, versionType} {
			add(operator, boolean, each, each)
		}
		for _, pair := range mixed {
			add(operator, boolean, pair[0], pair[1])
		}
	}
	for _, each := range []*cel.Type{boolean, integer, decimal, text, moment, versionType} {
		add(operators.In, boolean, each, cel.ListType(each))
		add("default", each, each, each)
	}
	for _, pair := range mixed {
		add(operators.In, boolean, pair[0], cel.ListType(pair[1]))
		add("default", decimal, pair[0], pair[1])
	}
	add("default", list, list, list)
	for _, operator := range []string{operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo} {
		add(operator, integer, integer, integer)
		add(operator, decimal, decimal, decimal)
		for _, pair := range mixed {
			add(operator, decimal, pair[0], pair[1])
		}
	}
	for _, readable := range []*cel.Type{integer, decimal, text, moment} {
		add("timestamp", moment, readable)
		add("int", integer, readable)
		add("string", text, readable)
	}
	for _, readable := range []*cel.Type{integer, decimal, text} {
		add("double", decimal, readable)
		add("version", versionType, readable)
	}
	add("string", text, boolean)
	add("bool", boolean, boolean)
	add("bool", boolean, text)
	add("duration", span, span)
	add("duration", span, text)
	for name := range parts {
		all = append(all, signature{name: name, member: true, takes: []*cel.Type{moment}, gives: integer},
			signature{name: name, member: true, takes: []*cel.Type{moment, text}, gives: integer})
	}
	return all
}

// presence is the function behind has(…). CEL's own has takes nothing but a.b; this one takes whatever may be missing, so
// has(traits["first name"]) and has(page.parameter("ref")) work too.
const presence = "@has"

var hasMacro = cel.GlobalMacro("has", 1, func(maker cel.MacroExprFactory, _ ast.Expr, arguments []ast.Expr) (ast.Expr, *cel.Error) {
	return maker.NewCall(presence, arguments[0]), nil
})

// Bounds of one condition.
const (
	// maxLength is how many characters a condition may have.
	maxLength = 4096
	// maxNesting is how deep its parts may lie inside each other.
	maxNesting = 64
)

// newLanguage is what CEL parses and checks conditions with. The traits are anything by default; with declared it knows
// what types they have.
func newLanguage(declared map[string]*cel.Type) (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.ClearMacros(),
		cel.Macros(cel.AllMacro, cel.ExistsMacro, cel.ExistsOneMacro, hasMacro),
		cel.EnableMacroCallTracking(),
		cel.EagerlyValidateDeclarations(true),
		cel.ParserExpressionSizeLimit(maxLength),
		cel.ParserRecursionLimit(maxNesting),
		cel.CustomTypeProvider(provider{declared}),
	}
	for _, v := range variables {
		kind := v.kind
		if v.name == "traits" && declared != nil {
			kind = traitsType
		}
		options = append(options, cel.Variable(v.name, kind))
	}
	byName := make(map[string][]cel.FunctionOpt)
	for i, s := range signatures() {
		id := s.id
		if id == "" {
			id = fmt.Sprintf("handbill_%d", i)
		}
		overload := cel.Overload
		if s.member {
			overload = cel.MemberOverload
		}
		byName[s.name] = append(byName[s.name], overload(id, s.takes, s.gives))
	}
	for name, functions := range byName {
		options = append(options, cel.Function(name, functions...))
	}
	language, err := cel.NewCustomEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("preparing the language of conditions: %w", err)
	}
	return language, nil
}

// provider tells CEL's checker the fields of the facts.
type provider struct{ declared map[string]*cel.Type }

func (p provider) FindStructType(name string) (*types.Type, bool) {
	if _, found := attributes[name]; found || name == "traits" {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return nil, false
}

func (p provider) FindStructFieldNames(name string) ([]string, bool) {
	fields, found := attributes[name]
	return slices.Sorted(keys(fields)), found
}

func (p provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	if name == "traits" {
		// Traits that are not declared are warned of by name, whatever their type.
		if kind, found := p.declared[field]; found {
			return &types.FieldType{Type: kind}, true
		}
		return &types.FieldType{Type: cel.DynType}, true
	}
	if attribute, found := attributes[name][field]; found {
		return &types.FieldType{Type: attribute.kind}, true
	}
	return nil, false
}

func (p provider) EnumValue(string) ref.Val         { return types.NewErr("there are no enumerations") }
func (p provider) FindIdent(string) (ref.Val, bool) { return nil, false }

func (p provider) NewValue(string, map[string]ref.Val) ref.Val {
	return types.NewErr("conditions make no objects")
}
