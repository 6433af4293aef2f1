package workspace

import (
	"strings"
	"unicode/utf8"
)

// inside is where a line and a column of a key's text stand in the file; both count from 1, columns in characters. It is
// where the key stands if the text cannot be followed.
func (s section) inside(name string, line, column int) int {
	at := s.place.key(name)
	if at == nil || at.value <= 0 || at.value >= len(s.file.text) {
		return s.at(name)
	}
	offset, found := placeInText(s.file.text, at.value, line, column)
	if !found {
		return at.offset
	}
	return offset
}

// placeInText follows a TOML string, which begins at start, to a line and column of what it means.
func placeInText(data string, start, line, column int) (offset int, found bool) {
	quote := data[start : start+1]
	if quote != `"` && quote != "'" {
		return 0, false
	}
	long := strings.HasPrefix(data[start:], quote+quote+quote)
	offset = start + 1
	if long {
		offset = start + 3
		if strings.HasPrefix(data[offset:], "\n") {
			offset++ // it is no part of the text
		}
	}
	for atLine, atColumn := 1, 1; offset < len(data); {
		rest := data[offset:]
		if quote == `"` && long && continues(rest) > 0 {
			offset += continues(rest)
			continue
		}
		if atLine == line && atColumn == column || !long && rest[0] == '\n' {
			return offset, true
		}
		_, size := utf8.DecodeRuneInString(rest)
		newLine := rest[0] == '\n'
		if quote == `"` && rest[0] == '\\' {
			newLine, size = strings.HasPrefix(rest, `\n`), escapeSize(rest)
		}
		if newLine {
			if atLine == line {
				return offset, true // behind the line's last character
			}
			atLine, atColumn = atLine+1, 0
		}
		offset += size
		atColumn++
	}
	return 0, false
}

// escapeSize is how many bytes an escape has.
func escapeSize(text string) int {
	size := 2
	switch {
	case len(text) < 2:
		return len(text)
	case text[1] == 'x':
		size = 4
	case text[1] == 'u':
		size = 6
	case text[1] == 'U':
		size = 10
	}
	return min(size, len(text))
}

// continues is how many bytes a backslash at a line's end and the blanks after it have; 0 where there is none.
func continues(text string) int {
	if !strings.HasPrefix(text, `\`) {
		return 0
	}
	blank := strings.TrimLeft(text[1:], " \t")
	if !strings.HasPrefix(blank, "\n") {
		return 0
	}
	return len(text) - len(strings.TrimLeft(blank, " \t\n"))
}
