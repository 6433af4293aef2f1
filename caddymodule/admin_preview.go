package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"handbill/engine"
	"handbill/engine/workspace"
)

// previewRequest is the body of POST preview.
type previewRequest struct {
	Message string `json:"message,omitempty"`
	// Debug asks for a link that shows why each message shows, or does not, in place of one that shows a message.
	Debug bool `json:"debug,omitempty"`
	// Valid is for how long it may be seen, such as "30m".
	Valid string `json:"valid,omitempty"`
}

// answerPreview lets a message be looked at.
func (s *service) answerPreview(r *http.Request) (any, error) {
	e, err := s.serving()
	if err != nil {
		return nil, err
	}
	var request previewRequest
	decoder := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxAdminBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		return nil, badRequest{fmt.Errorf(`the body is not {"message": "…", "valid": "30m"}: %w`, err)}
	}
	if request.Message == "" && !request.Debug {
		return nil, badRequest{errors.New(`say which "message" is to be looked at, or "debug": true`)}
	}
	if request.Message != "" && request.Debug {
		return nil, badRequest{errors.New(`a debug link is for all messages: leave "message" away, or "debug"`)}
	}
	valid := engine.DefaultPreviewTime
	if request.Valid != "" {
		var ok bool
		if valid, ok = workspace.ParseDuration(request.Valid); !ok || valid < time.Second {
			return nil, badRequest{fmt.Errorf(`%q is no length of time; write for example "30m" or "2h"`, request.Valid)}
		}
	}
	if request.Debug {
		return e.DebugLink(valid)
	}
	return e.Preview(request.Message, valid)
}
