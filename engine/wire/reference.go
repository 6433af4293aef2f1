package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// referenceMain is the published bundle's file that a page's snippet loads. The others it loads itself.
const referenceMain = "standalone.js"

// Bounds of the folder of a published bundle.
const (
	maxReferenceFiles = 200
	maxReferenceFile  = 8 << 20 // bytes
)

// referenceTime is how long a folder's files are taken to be what they were.
const referenceTime = 5 * time.Second

// Reference is the operator's own copy of the reference client as it is published: the folder dist/umd of the npm package
// @customerio/cdp-analytics-browser. Its files are kept in memory, and read again when they have changed. What is not a
// script at the top of the folder is never served.
type Reference struct {
	folder fs.FS
	logger *slog.Logger

	mu      sync.Mutex
	looked  time.Time
	stamp   string // of the files as they were when they were last looked at
	problem string // that was logged last
	files   atomic.Pointer[referenceFiles]
}

// referenceFiles are a bundle's files by their names.
type referenceFiles map[string]referenceFile

type referenceFile struct {
	data []byte
	etag string
	kept bool // of the version before
	// mounts: it shows messages that come with the page.
	mounts bool
}

// OpenReference reads the folder. Where it cannot be used, that is logged, and it is tried again whenever it is needed.
func OpenReference(folder fs.FS, logger *slog.Logger) *Reference {
	r := &Reference{folder: folder, logger: logger}
	r.current()
	return r
}

// current are the bundle's files; nil while there is no bundle that can be used. Who comes while somebody else looks at the
// folder does not wait.
func (r *Reference) current() referenceFiles {
	if r.mu.TryLock() {
		if time.Since(r.looked) >= referenceTime {
			r.look()
			r.looked = time.Now()
		}
		r.mu.Unlock()
	}
	if files := r.files.Load(); files != nil {
		return *files
	}
	return nil
}

// knowsEmbeds says whether this version of the client shows messages that come with the page: its in-app plugin looks for them.
func (r *Reference) knowsEmbeds() bool {
	return r.current()["inAppPlugin.js"].mounts
}

// look reads the files where they have changed. Those from before stay where it fails.
func (r *Reference) look() {
	names, stamp, err := r.list()
	if err == nil && stamp == r.stamp {
		return
	}
	var files referenceFiles
	if err == nil {
		files, err = r.read(names)
	}
	if err != nil {
		if r.problem != err.Error() {
			r.problem = err.Error()
			r.logger.Error("the reference client cannot be served", "error", err)
		}
		return
	}
	r.stamp, r.problem = stamp, ""
	r.keepBefore(files)
	r.files.Store(&files)
}

// keepBefore adds the files of the version before that the new one has not: a page that began with it asks for its parts yet.
func (r *Reference) keepBefore(files referenceFiles) {
	before := r.files.Load()
	if before == nil {
		return
	}
	for name, file := range *before {
		if _, has := files[name]; !has && !file.kept {
			file.kept = true
			files[name] = file
		}
	}
}

// list names the scripts of the folder; stamp changes when one of them does.
func (r *Reference) list() (names []string, stamp string, err error) {
	entries, err := fs.ReadDir(r.folder, ".")
	if err != nil {
		return nil, "", fmt.Errorf("reading the folder of client reference: %w; install the npm package @customerio/cdp-analytics-browser, and name its folder dist/umd", err)
	}
	var described strings.Builder
	for _, entry := range entries {
		if path.Ext(entry.Name()) != ".js" || strings.HasPrefix(entry.Name(), ".") || !entry.Type().IsRegular() {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			return nil, "", fmt.Errorf("reading the folder of client reference: %w", err)
		}
		names = append(names, entry.Name())
		fmt.Fprintln(&described, entry.Name(), info.Size(), info.ModTime().UnixNano())
	}
	if len(names) > maxReferenceFiles {
		return nil, "", fmt.Errorf("the folder of client reference has %d scripts; name the folder dist/umd of the npm package @customerio/cdp-analytics-browser", len(names))
	}
	return names, described.String(), r.checkMain(names)
}

// checkMain says what is wrong with a folder that has no bundle.
func (r *Reference) checkMain(names []string) error {
	for _, name := range names {
		if name == referenceMain {
			return nil
		}
	}
	if _, err := fs.Stat(r.folder, "dist/umd/"+referenceMain); err == nil {
		return fmt.Errorf("the folder of client reference is the whole package; name the folder dist/umd in it, which has %s", referenceMain)
	}
	return fmt.Errorf("the folder of client reference has no %s; name the folder dist/umd of the npm package @customerio/cdp-analytics-browser", referenceMain)
}

func (r *Reference) read(names []string) (referenceFiles, error) {
	files := make(referenceFiles, len(names))
	for _, name := range names {
		data, err := r.readFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading the folder of client reference: %w", err)
		}
		sum := sha256.Sum256(data)
		files[name] = referenceFile{data: data, etag: `"` + hex.EncodeToString(sum[:8]) + `"`, mounts: bytes.Contains(data, []byte("mountEmbeds"))}
	}
	return files, nil
}

func (r *Reference) readFile(name string) ([]byte, error) {
	file, err := r.folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxReferenceFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) == 0:
		return nil, fmt.Errorf("%s is empty; it may be being written", name)
	case len(data) > maxReferenceFile:
		return nil, fmt.Errorf("%s is larger than %d bytes", name, maxReferenceFile)
	}
	return data, nil
}

// errNoReference is what the endpoint says where the bundle cannot be used.
var errNoReference = errors.New("the folder of client reference cannot be used; the server's log says why")

// serveReference serves a file of the published bundle, byte for byte: GET /v1/analytics-js/NAME, and the main one at the
// address that a snippet loads. Their names do not change with their content, so a browser asks again after a while.
func (h *Handler) serveReference(w http.ResponseWriter, r *http.Request, name string) {
	files := h.reference.current()
	if files == nil {
		w.Header().Set("Retry-After", "10")
		fail(w, http.StatusServiceUnavailable, "%s", errNoReference)
		return
	}
	file, ok := files[name]
	if !ok {
		fail(w, http.StatusNotFound, "the folder of client reference has no %s", name)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/javascript; charset=utf-8")
	header.Set("Cache-Control", "public, max-age=300")
	header.Set("ETag", file.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file.data))
}
