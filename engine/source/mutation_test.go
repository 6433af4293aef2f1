package source

import (
	"context"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"handbill/engine/soaktest"
	"handbill/engine/workspace"
)

// mutated changes a text as mistakes, merges and bad disks do.
func mutated(chance *rand.Rand, text string) string {
	lines := strings.SplitAfter(text, "\n")
	at, other := chance.IntN(len(lines)), chance.IntN(len(lines))
	offset := chance.IntN(len(text))
	switch chance.IntN(10) {
	case 0: // cut off
		return text[:offset]
	case 1: // a byte of another kind
		return text[:offset] + string(rune(chance.IntN(256))) + text[offset+1:]
	case 2: // bytes that are no text
		return text[:offset] + "\xff\x00" + text[offset:]
	case 3: // a line that is missing
		lines[at] = ""
	case 4: // a line twice
		lines[at] += lines[at]
	case 5: // lines that changed places
		lines[at], lines[other] = lines[other], lines[at]
	case 6: // what a merge leaves
		lines[at] = "<<<<<<< HEAD\n" + lines[at] + "=======\n" + lines[other] + ">>>>>>> main\n"
	case 7: // a quote, a bracket, a brace too many
		return text[:offset] + string(`"'[]{}=#\`[chance.IntN(9)]) + text[offset:]
	case 8: // a block moved
		from := min(offset, len(text)-1)
		end := min(from+chance.IntN(400), len(text))
		return text[:from] + text[end:] + text[from:end]
	case 9: // a value of another type
		if name, _, ok := strings.Cut(lines[at], "="); ok {
			lines[at] = name + "= " + []string{"true", "-1", "[]", "{}", `""`, "1979-05-27", "nan", `"` + strings.Repeat("x", 5000) + `"`}[chance.IntN(8)] + "\n"
		}
	}
	return strings.Join(lines, "")
}

// What is in use after each of many mutated versions is that version when it checks, and otherwise what was in use before.
func TestMutatedWorkspacesNeverTakeTheGoodOneAway(t *testing.T) {
	count := soaktest.Times(250, 1000)
	good, err := os.ReadFile("../../examples/messages/messages.toml")
	if err != nil {
		t.Fatal(err)
	}
	answer, watching, changed := string(good), make(chan struct{}), func() {}
	loads := make(chan struct{})
	source := scripted{
		load: func() ([]workspace.File, error) {
			defer func() {
				go func() { loads <- struct{}{} }()
			}()
			return []workspace.File{{Name: "messages.toml", Data: []byte(answer)}}, nil
		},
		watch: func(ctx context.Context, c func()) error {
			changed = c
			close(watching)
			<-ctx.Done()
			return nil
		},
	}
	f := follow(t, source)
	<-watching
	<-loads
	chance := rand.New(rand.NewPCG(7, 26))
	accepted, refused := 0, 0
	for i := range count {
		before := f.State()
		answer = mutated(chance, string(good))
		want, _, err := workspace.Compile([]workspace.File{{Name: "messages.toml", Data: []byte(answer)}})
		changed()
		<-loads
		eventually(t, "it was looked at", func() bool { return f.State().CheckedAt.After(before.CheckedAt) })
		state := f.State()
		switch {
		case err != nil:
			refused++
			if state.Generation != before.Generation || len(state.Problems) == 0 {
				t.Fatalf("mutation %d does not check (%v), and the generation went from %s to %s", i, err, before.Generation, state.Generation)
			}
			for _, problem := range state.Problems {
				if problem.Fix == "" || problem.File == "" {
					t.Errorf("mutation %d: %q has no fix, or no place", i, problem.Error())
				}
			}
		default:
			accepted++
			if state.Generation != want.Generation || len(state.Problems) > 0 {
				t.Fatalf("mutation %d checks, and the generation is %s, not %s: %v", i, state.Generation, want.Generation, state.Problems)
			}
		}
	}
	if accepted < count/20 || refused < count/4 {
		t.Errorf("%d were accepted and %d refused: the mutations are not those of life", accepted, refused)
	}
	soaktest.Figure(t, "source.mutated_workspaces", count)
	soaktest.Figure(t, "source.mutated_workspaces_refused", refused)
	soaktest.Figure(t, "source.mutated_workspaces_regressed", 0)
}
