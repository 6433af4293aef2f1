package inject

// Sentence says in words what the reason means, and what an operator can do about it, as the table in
// docs/how-injection-works.md does.
func (r Reason) Sentence() (meaning, advice string) {
	if r >= reasonCount {
		return "", ""
	}
	return reasonSentences[r][0], reasonSentences[r][1]
}

var reasonSentences = [reasonCount][2]string{
	ReasonNone:             {"The page has its snippet.", ""},
	ReasonMethod:           {"Not a `GET`.", "Nothing: the answer to a form, for example, is left alone."},
	ReasonUpgrade:          {`A WebSocket or another upgrade.`, `Nothing.`},
	ReasonAlreadyInjected:  {"Another Handbill in the row, or an outer `handbill` of the same site, injects the page; or the same snippet stands at the place already.", "Nothing, or remove one of them."},
	ReasonNotModified:      {`304: the browser shows its own copy, with its snippet.`, `Nothing.`},
	ReasonStatus:           {"Neither 200 nor an error page.", "For error pages, `error_pages on`."},
	ReasonPartialContent:   {"A part of a page: 206, or `Content-Range`.", "Nothing."},
	ReasonNoContentType:    {"The response does not say what it is.", "Let the site send `Content-Type: text/html`."},
	ReasonContentType:      {"The response is not `text/html`.", "Let the site send the right type, if it is a page."},
	ReasonCharset:          {`The header names an encoding in which ASCII cannot be inserted (UTF-7, UTF-32, ISO-2022-KR, …).`, `Use UTF-8.`},
	ReasonAttachment:       {`A download.`, `Nothing.`},
	ReasonNoTransform:      {"`Cache-Control: no-transform` forbids it.", "Leave `no-transform` away on pages."},
	ReasonOptedOutBySite:   {"The response header `Handbill: off`.", "Remove it in the site."},
	ReasonUnknownCoding:    {"A `Content-Encoding` that cannot be read, or a gzip or zlib header of an unknown kind.", "Let the site use gzip, br, zstd or none."},
	ReasonSeveralCodings:   {`The site compresses twice.`, `Let it compress once.`},
	ReasonFragmentRequest:  {"A script asks for a part of a page (`HX-Request`, `Turbo-Frame`, `X-Requested-With`, `Sec-Fetch-Dest: empty`, …), and the response is for that request alone (`Vary`, `private`, `no-store`).", "Nothing."},
	ReasonNotMatched:       {"The response is outside of `match`. (Requests outside of the directive's matcher, or in `skip`, are not looked at, and not counted.)", "Look at `match`."},
	ReasonNothingToInsert:  {"There is no snippet, because no workspace has checked yet, or the folder of `client reference` cannot be used.", `Look for the error in the log.`},
	ReasonInvalidInsertion: {`The snippet is not ASCII, or its place for a nonce lies outside.`, `A fault: please report it.`},
	ReasonPolicy:           {"The `Content-Security-Policy` header forbids it: `'strict-dynamic'` without a nonce, `sandbox`, or `csp keep`.", "Give the policy a nonce, or `'self'` where there is no `'strict-dynamic'`."},
	ReasonPolicyInPage:     {"With the snippet after the charset: a `<meta>` policy stands before that place.", "`position head`, or declare the charset first."},
	ReasonFragment:         {"The body begins with something else than a doctype, `<html>`, `<head>` or `<body>`.", "Begin pages with `<!doctype html>`."},
	ReasonOptedOutByPage:   {"`<html data-handbill=\"off\">`.", "Remove it in the page."},
	ReasonAMP:              {`An AMP page, which allows no other scripts.`, `Nothing.`},
	ReasonEscape:           {`An escape sequence of ISO-2022-JP before the place: what looks like a tag there may be text.`, `Declare the charset in the header, or use UTF-8.`},
	ReasonEndedEarly:       {`The document ended before the place, or is empty.`, `Nothing.`},
	ReasonBrokenCoding:     {`The compressed body is damaged.`, `Look at what compresses it.`},
	ReasonPrologueTooLong:  {"The place in a compressed page is too far from its beginning (behind more than 8 KiB of compressed comments, for example).", "Put long comments behind `<head>`."},
	ReasonSiteError:        {`The site failed before it wrote a page.`, `Look at the site's log.`},
	ReasonInternalError:    {`A fault in Handbill; the log has it.`, `Please report it.`},
}
