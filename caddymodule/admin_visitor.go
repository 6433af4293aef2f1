package caddymodule

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"handbill/engine"
	"handbill/engine/store"
)

// forgotten is the answer to DELETE visitor.
type forgotten struct {
	engine.Forgotten
	// Left is what may still hold the person and is not Handbill's to remove.
	Left []string `json:"left"`
}

// named is whom a request means.
func named(r *http.Request) (name string, email bool, err error) {
	query := r.URL.Query()
	id, address := strings.TrimSpace(query.Get("id")), strings.TrimSpace(query.Get("email"))
	switch {
	case id != "" && address != "":
		return "", false, badRequest{fmt.Errorf("name one person: either id=%s or email=%s", id, address)}
	case address != "":
		return address, true, nil
	case id == "":
		return "", false, badRequest{fmt.Errorf("say whom: ?id= with a user id or an anonymous id, or ?email= with an e-mail address")}
	}
	return id, false, nil
}

func (s *service) answerExport(r *http.Request) (any, error) {
	e, err := s.serving()
	if err != nil {
		return nil, err
	}
	name, email, err := named(r)
	if err != nil {
		return nil, err
	}
	return e.Export(r.Context(), name, email)
}

func (s *service) answerForget(r *http.Request) (any, error) {
	e, err := s.serving()
	if err != nil {
		return nil, err
	}
	name, email, err := named(r)
	if err != nil {
		return nil, err
	}
	// What has begun is brought to an end, also when nobody waits for it any more.
	gone, err := e.Forget(context.WithoutCancel(r.Context()), name, email)
	if err != nil {
		return nil, err
	}
	return forgotten{Forgotten: gone, Left: s.storage.left()}, nil
}

// left is what a deletion does not reach.
func (s *storage) left() []string {
	return []string{
		"backups of the store and of the log",
		"what sinks were sent before: ask those who run them",
		"the cookies of the person's browsers, which name nobody any more",
	}
}

// backup is a copy of the store that is written while it is asked for.
type backup struct {
	ctx  context.Context
	from store.Snapshotter
}

// WriteTo writes the copy.
func (b backup) WriteTo(w io.Writer) (int64, error) { return b.from.Snapshot(b.ctx, w) }

func (a *App) answerBackup(r *http.Request) (any, error) {
	names := a.names()
	if len(names) == 0 {
		return nil, errNotServed
	}
	storage := a.service(names[0]).storage // all workspaces have the same
	if !storage.isOpen() {
		return nil, errNotServed
	}
	from, ok := storage.store.(store.Snapshotter)
	if !ok {
		return nil, badRequest{fmt.Errorf("the store %s is not in a file; a Redis is backed up by its own means, such as BGSAVE", storage.place)}
	}
	return backup{r.Context(), from}, nil
}

// backupTrailer says how many bytes a copy has, behind it: one that ends before is not whole.
const backupTrailer = "Handbill-Backup-Length"

// sendBackup answers with a copy of the store.
func sendBackup(w http.ResponseWriter, copied backup) error {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Trailer", backupTrailer)
	written, err := copied.WriteTo(w)
	switch {
	case err == nil:
		w.Header().Set(backupTrailer, strconv.FormatInt(written, 10))
	case written == 0:
		w.Header().Del("Trailer")
		return adminError(err)
	default:
		logger().Error("the store could not be copied", "error", err)
	}
	return nil
}
