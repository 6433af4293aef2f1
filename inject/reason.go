package inject

// Reason says why a response was not injected. Its String is a stable code for
// metrics, logs and the debug header; docs/how-injection-works.md explains each.
type Reason uint8

// The reasons, in the order in which they are found out: by the request, by the
// response's header, by what is to be inserted, by the body.
const (
	ReasonNone             Reason = iota // nothing speaks against it
	ReasonMethod                         // not a GET
	ReasonUpgrade                        // WebSocket and other upgrades
	ReasonAlreadyInjected                // another injector has seen this response
	ReasonNotModified                    // 304: the browser shows its own copy
	ReasonStatus                         // neither 200 nor, where wanted, an error page
	ReasonPartialContent                 // 206, or another response to a range
	ReasonNoContentType                  // the response does not say what it is
	ReasonContentType                    // not text/html
	ReasonCharset                        // an encoding that ASCII cannot be inserted in
	ReasonAttachment                     // a download
	ReasonNoTransform                    // Cache-Control: no-transform
	ReasonOptedOutBySite                 // the response header Handbill: off
	ReasonUnknownCoding                  // a Content-Encoding that cannot be decoded
	ReasonSeveralCodings                 // a Content-Encoding of several layers
	ReasonFragmentRequest                // a script asks for a part of a page
	ReasonNotMatched                     // outside what the operator wants injected
	ReasonNothingToInsert                // nothing to insert in this page
	ReasonInvalidInsertion               // what was to be inserted is not ASCII, or has no such place for a nonce
	ReasonPolicy                         // the Content-Security-Policy header forbids it
	ReasonPolicyInPage                   // a Content-Security-Policy stands in the page, before the place
	ReasonFragment                       // no doctype, <html>, <head> or <body> before the content
	ReasonOptedOutByPage                 // <html data-handbill="off">
	ReasonAMP                            // an AMP page, which allows no other scripts
	ReasonEscape                         // an escape sequence of ISO-2022-JP in the prologue
	ReasonEndedEarly                     // the document ended before the place
	ReasonBrokenCoding                   // the compressed body is damaged
	ReasonPrologueTooLong                // compressed: the place is too far from the beginning
	ReasonSiteError                      // the site's handler failed before it wrote a body
	ReasonInternalError                  // a fault in Handbill; the log has it
	reasonCount
)

var reasonCodes = [reasonCount]string{
	ReasonNone:             "none",
	ReasonMethod:           "method",
	ReasonUpgrade:          "upgrade",
	ReasonAlreadyInjected:  "already_injected",
	ReasonNotModified:      "not_modified",
	ReasonStatus:           "status",
	ReasonPartialContent:   "partial_content",
	ReasonNoContentType:    "no_content_type",
	ReasonContentType:      "content_type",
	ReasonCharset:          "charset",
	ReasonAttachment:       "attachment",
	ReasonNoTransform:      "no_transform",
	ReasonOptedOutBySite:   "opted_out_by_site",
	ReasonUnknownCoding:    "unknown_coding",
	ReasonSeveralCodings:   "several_codings",
	ReasonFragmentRequest:  "fragment_request",
	ReasonNotMatched:       "not_matched",
	ReasonNothingToInsert:  "nothing_to_insert",
	ReasonInvalidInsertion: "invalid_insertion",
	ReasonPolicy:           "policy",
	ReasonPolicyInPage:     "policy_in_page",
	ReasonFragment:         "fragment",
	ReasonOptedOutByPage:   "opted_out_by_page",
	ReasonAMP:              "amp",
	ReasonEscape:           "escape_sequence",
	ReasonEndedEarly:       "ended_early",
	ReasonBrokenCoding:     "broken_coding",
	ReasonPrologueTooLong:  "prologue_too_long",
	ReasonSiteError:        "site_error",
	ReasonInternalError:    "internal_error",
}

// String returns the reason's code, in snake_case.
func (r Reason) String() string {
	if r >= reasonCount {
		return "unknown"
	}
	return reasonCodes[r]
}

// Reasons lists every reason for which a response is not injected.
func Reasons() []Reason {
	all := make([]Reason, 0, reasonCount-1)
	for r := ReasonNone + 1; r < reasonCount; r++ {
		all = append(all, r)
	}
	return all
}
