// Package content holds what a message shows: a small tree of steps, text,
// images and buttons.
//
// Authors write Markdown and plain words, and Liquid where a text is different
// for each visitor. [ParseText] reads them once, when the workspace is loaded;
// what is the same for everybody becomes a [Content] then, and the rest when it
// is known to whom ([Localized], [Edition.Render]). A value is put into the
// finished tree, so nothing that a visitor sends is ever read as Markdown or as
// an address of a scheme that an author did not allow. The tree is written in two
// places: the browser client builds DOM nodes from its JSON, and
// [Content.HTML] writes the same tree as HTML. HTML that an author writes
// in Markdown stays text in both; what [HTML] reads becomes the same kind of
// tree, of tags that are allowed. Only addresses that [CheckLink] and [CheckImage]
// accept ever become an href or a src, so nothing in a workspace can become
// markup or script of its own.
package content

// Content is everything that one message shows.
type Content struct {
	// Where it stands with its first step, and with all that have no place of their own: see [Placement].
	Display      string `json:"display"`
	Position     string `json:"position,omitempty"`
	Target       string `json:"target,omitempty"`
	Flow         string `json:"flow,omitempty"`
	Width        int    `json:"width,omitempty"`
	OverlayColor string `json:"overlayColor,omitempty"`
	ArrowColor   string `json:"arrowColor,omitempty"`
	CloseOutside *bool  `json:"closeOutside,omitempty"`
	// Persistent: it stays until it is dismissed, also over loads of pages, at the step where it was.
	Persistent bool `json:"persistent,omitempty"`
	// Beacon: a tooltip begins as a dot at its target, which opens it.
	Beacon bool `json:"beacon,omitempty"`
	// Lang is the language of its texts as a BCP 47 tag, and Dir is "ltr" or "rtl"; empty where the workspace names no language.
	Lang string `json:"lang,omitempty"`
	Dir  string `json:"dir,omitempty"`
	// Style is the style sheet of its theme; empty for none. See [Theme.CSS].
	Style string `json:"style,omitempty"`
	// Steps come one after the other. There is at least one.
	Steps []Step `json:"steps"`
	// Parts are the parts of the client that it needs besides the core, by their names; see [Parts].
	Parts []string `json:"parts,omitempty"`
}

// Step is one screen of a message.
type Step struct {
	// Name is unique in the message. The changed event reports it.
	Name string `json:"name"`
	// Placement is the step's own, whole, where it stands elsewhere than the first step; else it is empty.
	Placement
	// Title is plain text.
	Title string `json:"title,omitempty"`
	// Body is the step's text, as a tree.
	Body  []Node `json:"body,omitempty"`
	Image *Image `json:"image,omitempty"`
	// Frame names a document of the author's own that is shown in a sandbox; see [Sandboxed]. Empty for none.
	Frame   string   `json:"frame,omitempty"`
	Fields  []Field  `json:"fields,omitempty"`
	Buttons []Button `json:"buttons,omitempty"`
}

// Node is either text or an element. Markdown makes elements with the tags p, br,
// strong, em, code, pre, a, ul, ol, li, blockquote and h3; HTML also others, all
// of which [HTML] allows.
type Node struct {
	// Text is plain text; never markup.
	Text string `json:"text,omitempty"`
	Tag  string `json:"tag,omitempty"`
	// Href is set on the tag a alone, and passed [CheckLink].
	Href string `json:"href,omitempty"`
	// Src, Alt, Width and Height are set on the tags img and video alone, as on an [Image]; Src on the tag track, too.
	Src    string `json:"src,omitempty"`
	Alt    string `json:"alt,omitempty"`
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
	// Poster is the picture that a video shows before it plays.
	Poster string `json:"poster,omitempty"`
	// Language is that of a track's captions, such as "en", and Label what the visitor chooses it by.
	Language string `json:"language,omitempty"`
	Label    string `json:"label,omitempty"`
	Children []Node `json:"children,omitempty"`
}

// Image is a step's picture.
type Image struct {
	// Src passed [CheckImage].
	Src string `json:"src"`
	// Alt is what the picture says to those who do not see it; empty for decoration.
	Alt string `json:"alt"`
	// Width and Height are in CSS pixels; 0 means unknown. With both, the page does not jump when the picture arrives.
	Width  int `json:"width,omitempty"`
	Height int `json:"height,omitempty"`
}

// Button is one button of a step.
type Button struct {
	// Name is unique in the step. The action event reports it as actionName.
	Name string `json:"name"`
	// Text is what is written on the button.
	Text string `json:"text"`
	// Action is what the author wrote, one that [ParseAction] accepts. The action event reports it as actionValue.
	Action string `json:"action"`
}

// Error says why something that an author wrote cannot be used, and what to write instead.
type Error struct{ Problem, Fix string }

// Error returns both in one sentence.
func (e *Error) Error() string { return e.Problem + "; " + e.Fix }
