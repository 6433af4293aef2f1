package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"handbill/engine"
)

// sendRequest is the body of POST send.
type sendRequest struct {
	// Test shows the message once to try it, whatever its kind and status.
	Test    bool   `json:"test,omitempty"`
	Message string `json:"message,omitempty"`
	// To is a user id or an e-mail address; of a test an anonymous id too.
	To string `json:"to"`
	// Data is what the message's templates read.
	Data map[string]any `json:"data,omitempty"`
	// Variant is which variant of its experiment a test shows.
	Variant string `json:"variant,omitempty"`
	// Key makes repeats harmless.
	Key string `json:"key,omitempty"`
}

func (s *service) answerSend(r *http.Request) (any, error) {
	e, err := s.serving()
	if err != nil {
		return nil, err
	}
	var send sendRequest
	decoder := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxAdminBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&send); err != nil {
		return nil, badRequest{fmt.Errorf(`the body is not {"message": "…", "to": "…", "data": {…}, "key": "…"}: %w`, err)}
	}
	switch {
	case strings.TrimSpace(send.To) == "":
		return nil, badRequest{errors.New(`a message needs somebody to send to; say "to": a user id or an e-mail address`)}
	case send.Test && send.Key != "":
		return nil, badRequest{errors.New("a test has no key: the last test of a message takes the place of the one before")}
	case send.Test:
		return e.SendTestOf(r.Context(), send.To, send.Message, send.Variant, send.Data)
	case send.Variant != "":
		return nil, badRequest{errors.New(`only a test, with "test": true, may choose the variant; everybody else is shown the one that they are in`)}
	case send.Message == "":
		return nil, badRequest{errors.New(`say which "message" to send; only with "test": true there is a built-in one`)}
	}
	return e.Send(r.Context(), engine.Send{Message: send.Message, To: send.To, Data: send.Data, Key: send.Key})
}

// answerCancel calls back what was sent.
func (s *service) answerCancel(r *http.Request) (any, error) {
	e, err := s.serving()
	if err != nil {
		return nil, err
	}
	query := r.URL.Query()
	return e.Cancel(r.Context(), query.Get("to"), query.Get("key"))
}
