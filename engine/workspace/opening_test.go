package workspace

import (
	"os"
	"strings"
	"testing"
)

func TestTheOpeningIsThatOfTheWhole(t *testing.T) {
	demo, err := os.ReadFile("../../examples/messages/messages.toml")
	if err != nil {
		t.Fatal(err)
	}
	named := "[workspace]\nname = \"Tallowby\"\nsite_id = \"tallowby\"\nwrite_key = \"tallowby-web\"\n"
	for name, texts := range map[string][]string{
		"the demo":                            {string(demo)},
		"no settings":                         {banner},
		"settings first":                      {named + banner},
		"settings last":                       {banner + named},
		"settings between messages":           {banner + named + strings.ReplaceAll(banner, "spring", "summer")},
		"settings that name a theme":          {named + "theme = \"dark\"\n[[themes]]\nid = \"dark\"\n" + banner},
		"settings in a file of their own":     {banner, named},
		"templates, segments and a time zone": {severalMessages},
		"Windows' line ends":                  {strings.ReplaceAll(named+banner, "\n", "\r\n")},
		"a mark at the beginning":             {"\xef\xbb\xbf" + named + banner},
		"no message":                          {named},
	} {
		t.Run(name, func(t *testing.T) {
			var files []File
			for i, text := range texts {
				files = append(files, File{Name: string(rune('a'+i)) + ".toml", Data: []byte(text)})
			}
			files = append(files, File{Name: "vip.txt", Data: []byte("[workspace]\n"), List: true})
			snapshot, _, err := Compile(files)
			if err != nil {
				t.Fatal(err)
			}
			opening, known := Open(files)
			if want := (Opening{snapshot.SiteID, snapshot.WriteKey}); !known || opening != want {
				t.Errorf("the opening is %+v, known: %t; the whole says %+v", opening, known, want)
			}
		})
	}
}

func TestWhereOnlyTheWholeCanTellThereIsNoOpening(t *testing.T) {
	for name, text := range map[string]string{
		"keys before the first table":    "workspace.site_id = \"tallowby\"\n" + banner,
		"a header that is written oddly": "[ workspace ]\nsite_id = \"tallowby\"\n" + banner,
		"no TOML":                        "[workspace]\nsite_id = tallowby\n",
		"no text":                        "[workspace]\nsite_id = \"\xff\"\n",
	} {
		if opening, known := Open(oneFile(text)); known {
			t.Errorf("%s: the opening is %+v", name, opening)
		}
	}
}

// A wrong workspace was never compiled; reading its opening must end well all the same.
func TestTheOpeningOfAWrongWorkspaceIsNoFault(t *testing.T) {
	for _, test := range wrongValues {
		Open(oneFile(test.text))
		Open(oneFile(severalMessages + test.text))
	}
}
