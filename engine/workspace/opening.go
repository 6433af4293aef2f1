package workspace

// Opening is what pages need to know of a workspace before its messages are there: what the snippet names it by.
type Opening struct{ SiteID, WriteKey string }

// Open reads the opening of files that were compiled before, without reading the messages, so that it takes the same time
// however many there are. It is false where only the whole can tell.
func Open(files []File) (opening Opening, known bool) {
	c := &check{}
	var documents []section
	for order, file := range files {
		if file.List {
			continue
		}
		f := &parsedFile{name: file.Name, order: order}
		if !f.readSettingsAlone(textOfFile(file.Data)) {
			return Opening{}, false
		}
		documents = append(documents, c.document(f))
	}
	c.readSettings(documents)
	return Opening{SiteID: c.settings.siteID, WriteKey: c.settings.writeKey}, true
}

// readSettingsAlone reads all that is no message. It is false where that cannot be told apart, or is no TOML.
func (f *parsedFile) readSettingsAlone(text string) bool {
	chunks := split(text)
	if chunks == nil {
		return false
	}
	f.text = newParts(f.name, text, chunks).rest
	if invalidUTF8(f.text) >= 0 || decode(f.text, &f.values) != nil {
		return false
	}
	f.places = index(f.text).root
	return true
}
