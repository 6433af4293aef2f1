package source

import (
	"path/filepath"
	"testing"
)

func TestAFileThatIsEmptiedTakesNoMessageAway(t *testing.T) {
	for _, test := range []struct{ name, left string }{
		{"it has not a byte", ""},
		{"it has blanks", "\n  \n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			k, path := keeper(t), filepath.Join(t.TempDir(), "messages.toml")
			write(t, path, sale)
			f := followKeeping(t, watched(path), k)
			replace(t, path, test.left)
			eventually(t, "the problem is told", func() bool { return len(f.State().Problems) == 1 })
			if problem := f.State().Problems[0]; problem.Text != "the file is empty, which would take every message away" || f.shown() != "spring-sale" {
				t.Errorf("the problem is %+v, shown is %s", problem, f.shown())
			}
			f.Stop()
			again := followKeeping(t, watched(path), k)
			if again.shown() != "spring-sale" || !again.State().Kept {
				t.Errorf("after a start it shows %s, in state %+v", again.shown(), again.State())
			}
			replace(t, path, "# nothing today\n")
			again.eventuallyShows(t, "")
		})
	}
}

func TestAWorkspaceMayBeginWithAnEmptyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.toml")
	write(t, path, "")
	f := follow(t, watched(path))
	if f.shown() != "" || len(f.State().Problems) > 0 {
		t.Errorf("it shows %s, with the problems %+v", f.shown(), f.State().Problems)
	}
	replace(t, path, sale)
	f.eventuallyShows(t, "spring-sale")
}
