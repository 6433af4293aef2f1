package workspace

import (
	"sort"
	"strings"
)

// chunk is a part of a file's text that stands by itself: one message with all
// of its tables, another table, or what comes before the first. Together they
// are the whole text, and each begins with a line.
type chunk struct {
	// start is the chunk's offset, and line the number of its first line.
	start, line int
	// said is how long it is without the comments and blanks at its end.
	said int
	// depth is how many brackets are open by the count of tooDeep where it begins.
	depth int
	// message is set for one of the tables [[messages]].
	message bool
	// outcome is what became of a message; nil where it must be read again.
	outcome *outcome
}

// split parts a text into its chunks. It is nil where that is in doubt: where
// keys stand before the first table, where a header is written in an unusual
// way or goes on with a message that is over, and where the text is not TOML.
func split(text string) []chunk {
	s := splitter{text: text, line: 1}
	s.begin(0, false)
	if !s.run(nil) {
		return nil
	}
	return s.chunks
}

// splitAgain parts a text that was edited into chunks. It looks at what is
// between the first and the last difference alone, and takes the rest, with
// the outcomes, from before.
func splitAgain(before parts, text string) []chunk {
	same := commonPrefix(before.text, text)
	if same == len(text) && same == len(before.text) {
		return before.chunks
	}
	tail := commonSuffix(before.text[same:], text[same:])
	// The chunk before the one that differs may go on now where that one began.
	first := max(sort.Search(len(before.chunks), func(i int) bool { return before.chunks[i].start > same })-2, 0)
	from := before.chunks[first]
	s := splitter{text: text, offset: from.start, line: from.line}
	s.chunks = make([]chunk, first, len(before.chunks)+8)
	copy(s.chunks, before.chunks)
	s.begin(from.start, from.message)
	s.chunks[first].depth = from.depth
	if first > 0 {
		s.skipLine() // its header
		s.say()
	}

	shift := len(text) - len(before.text)
	rest := len(before.chunks)
	if !s.run(func(start int) bool {
		old := start - shift
		if old < len(before.text)-tail {
			return false
		}
		i := sort.Search(len(before.chunks), func(i int) bool { return before.chunks[i].start > old }) - 1
		if i < 1 || before.chunks[i].start != old || before.chunks[i].depth != s.depthAt(start) {
			return false
		}
		rest = i
		return true
	}) {
		return nil
	}
	s.keepOutcomes(before, first, rest)
	if rest < len(before.chunks) {
		lines := s.line - before.chunks[rest].line
		for _, c := range before.chunks[rest:] {
			c.start, c.line = c.start+shift, c.line+lines
			s.chunks = append(s.chunks, c)
		}
	}
	return s.chunks
}

// keepOutcomes gives the new chunks from first on the outcomes of those from
// first to rest that have the same text.
func (s *splitter) keepOutcomes(before parts, first, rest int) {
	outcomes := make(map[string]*outcome)
	for i := first; i < rest; i++ {
		if c := before.chunks[i]; c.outcome != nil {
			outcomes[textOf(before.text, before.chunks, i)] = c.outcome
		}
	}
	end := s.offset
	for i := len(s.chunks) - 1; i >= first; i-- {
		if s.chunks[i].message {
			s.chunks[i].outcome = outcomes[s.text[s.chunks[i].start:end]]
		}
		end = s.chunks[i].start
	}
}

// textOf is the text of a chunk.
func textOf(text string, chunks []chunk, i int) string {
	if i+1 < len(chunks) {
		return text[chunks[i].start:chunks[i+1].start]
	}
	return text[chunks[i].start:]
}

// splitter goes through a text from table to table.
type splitter struct {
	text string
	// offset is where it is: always where a line begins that is in no string and no list.
	offset int
	// line is the number of the line in which the last chunk begins.
	line   int
	chunks []chunk
	// deep is set where tooDeep would refuse the text.
	deep bool
}

// begin begins a chunk at an offset, whose line is the splitter's.
func (s *splitter) begin(start int, message bool) {
	depth := 0
	if len(s.chunks) > 0 {
		depth = s.depthAt(start)
	}
	s.chunks = append(s.chunks, chunk{start: start, line: s.line, depth: depth, message: message})
}

// depthAt is the count of tooDeep at an offset after the last chunk's beginning.
func (s *splitter) depthAt(offset int) int {
	last := s.chunks[len(s.chunks)-1]
	depth, at := nesting(s.text[last.start:offset], last.depth)
	s.deep = s.deep || at >= 0
	return depth
}

// run goes on to the end of the text, or to the beginning of a chunk at which
// stop, where it is not nil, is true. It is false where the text is in doubt.
func (s *splitter) run(stop func(start int) bool) bool {
	for s.offset < len(s.text) {
		start := s.offset
		end := start
		for end < len(s.text) && (s.text[end] == ' ' || s.text[end] == '\t') {
			end++
		}
		switch {
		case end == len(s.text):
			s.offset = end
		case s.text[end] == '\n', s.text[end] == '#':
			s.skipLine()
		case s.text[end] == '[':
			begins, message, ok := header(s.text[end:], s.chunks[len(s.chunks)-1].message)
			if !ok {
				return false
			}
			if begins {
				s.line += strings.Count(s.text[s.chunks[len(s.chunks)-1].start:start], "\n")
				if stop != nil && stop(start) {
					return !s.deep
				}
				s.begin(start, message)
			}
			s.skipLine()
			s.say()
		case len(s.chunks) == 1, !s.statement():
			// Keys before the first table may say anything, also of messages.
			return false
		default:
			s.say()
		}
	}
	s.depthAt(s.offset)
	return !s.deep
}

// say notes that what comes before the offset belongs to the last chunk, and is more than comments.
func (s *splitter) say() {
	last := &s.chunks[len(s.chunks)-1]
	last.said = s.offset - last.start
}

func (s *splitter) skipLine() {
	if end := strings.IndexByte(s.text[s.offset:], '\n'); end >= 0 {
		s.offset += end + 1
		return
	}
	s.offset = len(s.text)
}

// header reads the header of a table. It begins a new chunk, or goes on with a
// message that is not over.
func header(text string, inMessage bool) (begins, message, ok bool) {
	name := strings.TrimPrefix(text[1:], "[")
	end := 0
	for end < len(name) && bare(name[end]) {
		end++
	}
	if end == 0 || end == len(name) || name[end] != ']' && name[end] != '.' {
		return false, false, false
	}
	if name[:end] != "messages" {
		return true, false, true
	}
	if name[end] == '.' {
		return false, true, inMessage
	}
	return true, true, strings.HasPrefix(text, "[[messages]]")
}

// bare reports whether a byte may stand in a key without quotes.
func bare(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

// statement goes past a key and its value, which may take several lines.
func (s *splitter) statement() bool {
	open := 0
	for i := s.offset; i < len(s.text); i++ {
		switch s.text[i] {
		case '"', '\'':
			quoted := indexer{data: s.text, offset: i, unclosed: -1}
			quoted.text()
			if quoted.unclosed >= 0 {
				return false
			}
			i = quoted.offset - 1
		case '#':
			end := strings.IndexByte(s.text[i:], '\n')
			if end < 0 {
				end = len(s.text) - i
			}
			i += end - 1
		case '[', '{':
			open++
		case ']', '}':
			if open--; open < 0 {
				return false
			}
		case '\n':
			if open == 0 {
				s.offset = i + 1
				return true
			}
		}
	}
	s.offset = len(s.text)
	return open == 0
}

// commonPrefix is how many bytes two texts begin with that are the same.
func commonPrefix(a, b string) int {
	const block = 4096
	shorter := min(len(a), len(b))
	i := 0
	for i+block <= shorter && a[i:i+block] == b[i:i+block] {
		i += block
	}
	for i < shorter && a[i] == b[i] {
		i++
	}
	return i
}

// commonSuffix is how many bytes two texts end with that are the same.
func commonSuffix(a, b string) int {
	const block = 4096
	shorter := min(len(a), len(b))
	i := 0
	for i+block <= shorter && a[len(a)-i-block:len(a)-i] == b[len(b)-i-block:len(b)-i] {
		i += block
	}
	for i < shorter && a[len(a)-i-1] == b[len(b)-i-1] {
		i++
	}
	return i
}
