package sink

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// WebhookOptions say how a webhook is called.
type WebhookOptions struct {
	URL string
	// Secrets sign what is sent: one, or a new one and the one whose place it takes. None: nothing is signed.
	Secrets []string
	// Header is sent with each request.
	Header http.Header
	// BatchSize bounds the events of a request; 0: [DefaultBatchSize]. BatchWait is how long one is gathered; 0: [DefaultBatchWait].
	BatchSize int
	BatchWait time.Duration
	// Timeout is how long an answer may take; 0: [DefaultTimeout].
	Timeout time.Duration
}

// Defaults of a webhook, and the most that it takes.
const (
	DefaultBatchSize = 100
	MaxBatchSize     = 5000
	DefaultBatchWait = time.Second
	// webhookBytes bounds a request's events, unless it is a single one.
	webhookBytes = 1 << 20
	// leastSecret is how many bytes a secret has at least, as the specification wants it.
	leastSecret = 24
	// secretPrefix begins a secret whose bytes are written in base64.
	secretPrefix = "whsec_"
)

// webhook posts batches as the specification "Standard Webhooks" has it.
type webhook struct {
	poster
	options WebhookOptions
	keys    [][]byte
}

// Webhook returns a target that posts batches, signed as the specification "Standard Webhooks" says.
func Webhook(options WebhookOptions) (Target, error) {
	if err := CheckURL(options.URL); err != nil {
		return nil, err
	}
	w := &webhook{options: options, poster: newPoster(options.URL, cmp.Or(options.Timeout, DefaultTimeout))}
	for _, secret := range options.Secrets {
		key, err := webhookKey(secret)
		if err != nil {
			return nil, err
		}
		w.keys = append(w.keys, key)
	}
	return w, nil
}

// CheckWebhookSecret says what is wrong with a secret, without repeating it.
func CheckWebhookSecret(secret string) error {
	_, err := webhookKey(secret)
	return err
}

func webhookKey(secret string) ([]byte, error) {
	const advice = "make one with: echo whsec_$(openssl rand -base64 32)"
	if secret == "" {
		return nil, errors.New("secret is empty; " + advice)
	}
	key := []byte(secret)
	if encoded, ok := strings.CutPrefix(secret, secretPrefix); ok {
		var err error
		if key, err = base64.StdEncoding.DecodeString(encoded); err != nil {
			return nil, errors.New("secret has something else than base64 behind whsec_; " + advice)
		}
	}
	if len(key) < leastSecret {
		return nil, fmt.Errorf("secret has %d bytes, so that it could be guessed; use %d or more: %s", len(key), leastSecret, advice)
	}
	return key, nil
}

// String is the webhook's host.
func (w *webhook) String() string { return "webhook " + withoutSecrets(w.url) }

// Bounds are those of the options.
func (w *webhook) Bounds() Bounds {
	return Bounds{
		Events: cmp.Or(w.options.BatchSize, DefaultBatchSize), Bytes: webhookBytes, Wait: cmp.Or(w.options.BatchWait, DefaultBatchWait),
	}
}

// Encode writes a record as JSON.
func (w *webhook) Encode(r Record) ([]byte, error) { return encode(r) }

// Send posts a batch.
func (w *webhook) Send(ctx context.Context, batch Batch) error {
	var body bytes.Buffer
	fmt.Fprintf(&body, `{"type":"handbill.events","timestamp":%q,"data":{"events":[`, batch.Made.Format(time.RFC3339Nano))
	for i, one := range batch.Items {
		if i > 0 {
			body.WriteByte(',')
		}
		body.Write(one.Encoded)
	}
	body.WriteString("]}}")
	header := w.options.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	id := fmt.Sprintf("msg_%s-%d", batch.ID, len(batch.Items))
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	header.Set("webhook-id", id)
	header.Set("webhook-timestamp", stamp)
	if len(w.keys) > 0 {
		header.Set("webhook-signature", w.sign(id+"."+stamp+".", body.Bytes()))
	}
	return w.post(ctx, header, body.Bytes())
}

// sign makes a signature with each secret.
func (w *webhook) sign(before string, body []byte) string {
	var all []string
	for _, key := range w.keys {
		sum := hmac.New(sha256.New, key)
		sum.Write([]byte(before))
		sum.Write(body)
		all = append(all, "v1,"+base64.StdEncoding.EncodeToString(sum.Sum(nil)))
	}
	return strings.Join(all, " ")
}

// Close lets go of the connection.
func (w *webhook) Close() error { return w.close() }
