package source

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"handbill/engine/leisure"
	"handbill/engine/workspace"
)

// Kept is a version of a workspace that was good.
type Kept struct {
	// Source names where it came from.
	Source string
	// Revision stands for its bytes.
	Revision string
	// Tag is how the source calls it; see [Resumer].
	Tag string
	// FetchedAt is when the source had it last.
	FetchedAt time.Time
	// SignedAt is when it was signed; zero where it was not, or without a time.
	SignedAt time.Time
	Files    []workspace.File
}

// Keeper keeps the last good version of one workspace in a file, over restarts.
type Keeper struct{ path string }

// KeepAt keeps at a path. The file is made with the first version.
func KeepAt(path string) *Keeper { return &Keeper{path: path} }

// keptFormat is the version of the file's layout: a line of JSON, then the bytes of the files, one after the other.
const keptFormat = 1

// maximumKept bounds what is read of such a file: a workspace, and the line before it.
const maximumKept = maximumTotalSize + 1<<20

type keptHead struct {
	Format    int        `json:"handbill"`
	Source    string     `json:"source"`
	Revision  string     `json:"revision"`
	Tag       string     `json:"tag,omitempty"`
	FetchedAt time.Time  `json:"fetched"`
	SignedAt  time.Time  `json:"signed,omitzero"`
	Files     []keptFile `json:"files"`
	Sum       string     `json:"sha256"`
}

type keptFile struct {
	Name    string `json:"name"`
	Size    int    `json:"size"`
	List    bool   `json:"list,omitempty"`
	Problem string `json:"problem,omitempty"`
}

// Keep writes a version in place of the one before, so that the file holds one of them whole at any time.
func (k *Keeper) Keep(kept Kept) error {
	head := keptHead{Format: keptFormat, Source: kept.Source, Revision: kept.Revision, Tag: kept.Tag, FetchedAt: kept.FetchedAt.UTC(), SignedAt: kept.SignedAt.UTC()}
	work, sum := leisure.Begin(), sha256.New()
	parts := make([][]byte, 1, len(kept.Files)+1)
	for _, file := range kept.Files {
		head.Files = append(head.Files, keptFile{Name: file.Name, Size: len(file.Data), List: file.List, Problem: file.Problem})
		parts = append(parts, file.Data)
		hashAside(work, sum, file.Data)
	}
	head.Sum = hex.EncodeToString(sum.Sum(nil))
	line, err := json.Marshal(head)
	if err != nil {
		return fmt.Errorf("keeping the workspace: %w", err)
	}
	parts[0] = append(line, '\n')
	if err := writeWhole(work, k.path, parts...); err != nil {
		return fmt.Errorf("keeping the workspace in %s: %w; see that there is room, and that the user that Caddy runs as may write there", k.path, err)
	}
	return nil
}

// hashAside hashes a text, as work that may rest.
func hashAside(work *leisure.Work, sum hash.Hash, text []byte) {
	_ = work.Blocks(text, 0, func(block []byte) error {
		sum.Write(block)
		return nil
	})
}

// writeWhole replaces a file, so that a crash leaves the old one or the new one.
func writeWhole(work *leisure.Work, path string, parts ...[]byte) (err error) {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(folder, filepath.Base(path)+".*.new")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
		}
	}()
	for _, part := range parts {
		if err == nil {
			err = work.Blocks(part, 0, func(block []byte) error {
				_, err := file.Write(block)
				return err
			})
		}
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	if runtime.GOOS == "windows" {
		return nil // a folder cannot be synchronised there; NTFS journals names by itself
	}
	directory, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}

// Last returns the version that is kept; its error is [fs.ErrNotExist] when there is none.
func (k *Keeper) Last() (Kept, error) {
	info, err := os.Stat(k.path)
	if err != nil {
		return Kept{}, err
	}
	if info.Size() > maximumKept {
		return Kept{}, k.broken("it is larger than any workspace may be")
	}
	text, err := os.ReadFile(k.path)
	if err != nil {
		return Kept{}, err
	}
	line, data, _ := bytes.Cut(text, []byte("\n"))
	var head keptHead
	if err := json.Unmarshal(line, &head); err != nil {
		return Kept{}, k.broken("its first line cannot be read")
	}
	if head.Format != keptFormat {
		return Kept{}, k.broken(fmt.Sprintf("it has layout %d, and this program knows %d", head.Format, keptFormat))
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != head.Sum {
		return Kept{}, k.broken("it was cut off or changed")
	}
	kept := Kept{Source: head.Source, Revision: head.Revision, Tag: head.Tag, FetchedAt: head.FetchedAt, SignedAt: head.SignedAt}
	for _, file := range head.Files {
		if file.Size < 0 || file.Size > len(data) {
			return Kept{}, k.broken("its first line does not fit the rest")
		}
		kept.Files = append(kept.Files, workspace.File{Name: file.Name, Data: data[:file.Size:file.Size], List: file.List, Problem: file.Problem})
		data = data[file.Size:]
	}
	return kept, nil
}

func (k *Keeper) broken(why string) error {
	return fmt.Errorf("the last good workspace in %s cannot be used: %s; the next version that is good replaces it", k.path, why)
}

// lastKept is the version that is kept, if it can be had.
func (k *Keeper) lastKept() (kept Kept, found bool, err error) {
	if k == nil {
		return Kept{}, false, nil
	}
	kept, err = k.Last()
	if errors.Is(err, fs.ErrNotExist) {
		return Kept{}, false, nil
	}
	return kept, err == nil, err
}

// Revision stands for the bytes of a workspace: of one file, the beginning of its SHA-256, as sha256sum prints it.
func Revision(files []workspace.File) string {
	work, hash := leisure.Begin(), sha256.New()
	for _, file := range files {
		if len(files) > 1 {
			size := binary.BigEndian.AppendUint64(nil, uint64(len(file.Data)))
			hash.Write([]byte(filepath.Base(file.Name) + "\x00" + file.Problem + "\x00"))
			hash.Write(size)
		}
		hashAside(work, hash, file.Data)
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}
