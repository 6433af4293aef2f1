package sink

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// CDPOptions say how a customer data platform is reached that takes what Segment's HTTP API takes.
type CDPOptions struct {
	// URL is the platform's address; a path that is not its batch call is completed with it.
	URL string
	// WriteKey is the source's key there.
	WriteKey string
	// BatchWait is how long a batch is gathered; 0: [DefaultBatchWait].
	BatchWait time.Duration
	// Timeout is how long an answer may take; 0: [DefaultTimeout].
	Timeout time.Duration
}

// What the platform takes at once.
const (
	cdpEvents = 100
	cdpBytes  = 490_000 // of 500 KB, with room for what stands around the events
	cdpItem   = 32_000
)

// cdp posts batches of analytics calls.
type cdp struct {
	poster
	options CDPOptions
}

// CDP returns a target that posts analytics calls to a customer data platform.
func CDP(options CDPOptions) (Target, error) {
	if err := CheckURL(options.URL); err != nil {
		return nil, err
	}
	return &cdp{options: options, poster: newPoster(batchURL(options.URL), cmp.Or(options.Timeout, DefaultTimeout))}, nil
}

// batchURL completes a platform's address.
func batchURL(text string) string {
	parsed, err := url.Parse(text)
	if err != nil {
		return text
	}
	switch path := strings.TrimSuffix(parsed.Path, "/"); {
	case strings.HasSuffix(path, "/batch"), strings.HasSuffix(path, "/b"):
		parsed.Path = path
	case strings.HasSuffix(path, "/v1"):
		parsed.Path = path + "/batch"
	default:
		parsed.Path = path + "/v1/batch"
	}
	return parsed.String()
}

// String is the platform's host.
func (c *cdp) String() string { return "cdp " + withoutSecrets(c.url) }

// Bounds are those of Segment's API.
func (c *cdp) Bounds() Bounds {
	return Bounds{Events: cdpEvents, Bytes: cdpBytes, Item: cdpItem, Wait: cmp.Or(c.options.BatchWait, DefaultBatchWait)}
}

// call is an analytics call.
type call struct {
	Type        string         `json:"type"`
	MessageID   string         `json:"messageId"`
	Timestamp   string         `json:"timestamp"`
	UserID      string         `json:"userId,omitempty"`
	AnonymousID string         `json:"anonymousId,omitempty"`
	Event       string         `json:"event,omitempty"`
	Name        string         `json:"name,omitempty"`
	GroupID     string         `json:"groupId,omitempty"`
	PreviousID  string         `json:"previousId,omitempty"`
	Traits      map[string]any `json:"traits,omitempty"`
	Properties  map[string]any `json:"properties,omitempty"`
	Context     map[string]any `json:"context"`
}

// reportNames are what reports are called as tracked events.
var reportNames = map[string]string{
	"opened":    "In-App Message Opened",
	"clicked":   "In-App Message Clicked",
	"dismissed": "In-App Message Dismissed",
	"error":     "In-App Message Failed",
	"changed":   "In-App Message Changed",
	"held_out":  "In-App Message Held Out",
}

// Encode writes a record as an analytics call.
func (c *cdp) Encode(r Record) ([]byte, error) {
	made := call{
		Type: r.Type, MessageID: cmp.Or(r.ID, r.Key), Timestamp: r.At.UTC().Format(time.RFC3339Nano), UserID: r.UserID, AnonymousID: r.AnonymousID,
		Context: map[string]any{"library": map[string]any{"name": "handbill"}},
	}
	switch r.Type {
	case "report":
		made.Type, made.Event = "track", cmp.Or(reportNames[r.Name], "In-App Message "+r.Name)
		made.Properties = map[string]any{"workspace": r.Workspace, "messageId": r.Message, "deliveryId": r.Delivery, "metric": r.Name}
		maps.Copy(made.Properties, r.Properties)
	case "track":
		made.Event, made.Properties = r.Name, r.Properties
	case "identify":
		made.Traits = r.Properties
	case "group":
		made.GroupID, made.Traits = r.Name, r.Properties
	case "alias":
		made.PreviousID = r.Name
	default: // page, screen
		made.Name, made.Properties = r.Name, r.Properties
	}
	return encode(made)
}

// Send posts a batch.
func (c *cdp) Send(ctx context.Context, batch Batch) error {
	var body bytes.Buffer
	body.WriteString(`{"batch":[`)
	for i, one := range batch.Items {
		if i > 0 {
			body.WriteByte(',')
		}
		body.Write(one.Encoded)
	}
	fmt.Fprintf(&body, `],"sentAt":%q}`, time.Now().UTC().Format(time.RFC3339Nano))
	request := http.Request{Header: http.Header{}}
	request.SetBasicAuth(c.options.WriteKey, "")
	return c.post(ctx, request.Header, body.Bytes())
}

// Close lets go of the connection.
func (c *cdp) Close() error { return c.close() }
