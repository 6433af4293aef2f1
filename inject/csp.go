package inject

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// needs is what an insertion needs of a Content-Security-Policy.
type needs struct {
	files  []reference // the src of scripts
	hashes []string    // the sources of scripts without one
	// base is the URL below which it loads and connects.
	base    reference
	hasBase bool
	// loads: its scripts create others, which have no nonce. embeds: it shows documents below base in frames.
	loads, embeds bool
}

// readNeeds looks at the markup for its scripts.
func readNeeds(insertion Insertion) (n needs) {
	base := insertion.Base
	n.loads, n.embeds = insertion.Loads, insertion.Embeds
	tokenizer := html.NewTokenizer(bytes.NewReader(insertion.Bytes))
	for token := tokenizer.Next(); token != html.ErrorToken; token = tokenizer.Next() {
		if token != html.StartTagToken {
			continue
		}
		element := tokenizer.Token()
		if element.Data != "script" {
			continue
		}
		source := slices.IndexFunc(element.Attr, func(a html.Attribute) bool { return a.Key == "src" })
		switch {
		case source >= 0:
			file := element.Attr[source].Val
			n.files = append(n.files, readReference(file))
			if base == "" {
				base = file[:strings.LastIndexByte(file, '/')+1]
			}
		case tokenizer.Next() == html.TextToken:
			sum := sha256.Sum256(tokenizer.Raw())
			n.hashes = append(n.hashes, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
		}
	}
	if n.hasBase = base != ""; n.hasBase {
		n.base = readReference(base)
	}
	return n
}

// policyDecision is what the policies in a response's header mean for an
// insertion.
type policyDecision struct {
	// blocked: a policy forbids the insertion and is not to be changed.
	blocked bool
	// nonce is the page's nonce, for the insertion to carry.
	nonce string
	// values are the policies' new header lines, by the index of policyHeaders; nil
	// where nothing changes.
	values policyLines
}

// decidePolicy finds out how an insertion fits the policies of a page: with the
// page's own nonce, as it is, or after a source was added.
//
// Added is only what can neither loosen nor disable anything else: the insertion's
// own files by their path, or a hash of its own text where 'unsafe-inline' is not
// in force anyway. A nonce is never made up, because a cache would make it
// guessable, and a policy with 'strict-dynamic' heeds no paths.
func decidePolicy(r *http.Request, header http.Header, n needs, takesNonce bool, mode CSP) policyDecision {
	asker := policyAsker{request: r, needs: n}
	if takesNonce {
		for _, h := range policyHeaders {
			asker.collectNonces(header[h.name])
		}
	}
	best, fewest := policyDecision{blocked: true}, 0
	for i := 0; i <= asker.count; i++ {
		decision, changes := asker.decide(header, asker.nonces[i], mode)
		switch {
		case decision.blocked:
		case changes == 0:
			return decision
		case best.blocked || changes < fewest:
			best, fewest = decision, changes
		}
	}
	return best
}

// policyAsker asks policies about one insertion.
type policyAsker struct {
	request *http.Request
	needs   needs
	// nonces are those found in the policies, in their order, and then none.
	nonces [maxNonces + 1]string
	count  int
	// latest is the policy that was read last: most pages have one, which is asked
	// twice.
	latest policy
}

// read is readPolicy, remembered.
func (a *policyAsker) read(text string) policy {
	if a.latest.text != text {
		a.latest = readPolicy(text)
	}
	return a.latest
}

// maxNonces bounds how many nonces are tried; pages have one.
const maxNonces = 4

// collectNonces lists the nonces that script elements may carry.
func (a *policyAsker) collectNonces(lines []string) {
	for _, line := range lines {
		for text := range strings.SplitSeq(line, ",") {
			p := a.read(text)
			d, ok := p.governing(runs)
			if !ok {
				continue
			}
			for token := range words(p.value(d)) {
				if a.count == maxNonces {
					return
				}
				if nonce := nonceOf(token); nonce != "" && !slices.Contains(a.nonces[:a.count], nonce) {
					a.nonces[a.count] = nonce
					a.count++
				}
			}
		}
	}
}

// decide judges all policies for an insertion that carries nonce, and counts
// those that had to change.
func (a *policyAsker) decide(header http.Header, nonce string, mode CSP) (decision policyDecision, changes int) {
	decision.nonce = nonce
	for i, h := range policyHeaders {
		for j, line := range header[h.name] {
			changed := line
			k := -1
			for text := range strings.SplitSeq(line, ",") {
				k++
				fitted, ok := a.fit(text, nonce)
				if h.enforced && (!ok || fitted != text && mode == KeepCSP) {
					return policyDecision{blocked: true}, 0
				}
				if ok && fitted != text && mode == ExtendCSP {
					changes++
					changed = replaceItem(changed, k, fitted)
				}
			}
			if changed != line {
				if decision.values[i] == nil {
					decision.values[i] = slices.Clone(header[h.name])
				}
				decision.values[i][j] = changed
			}
		}
	}
	return decision, changes
}

func replaceItem(line string, i int, item string) string {
	items := strings.Split(line, ",")
	items[i] = item
	return strings.Join(items, ",")
}

// fit returns a policy under which the insertion works; false where there is none.
func (a *policyAsker) fit(text, nonce string) (fitted string, ok bool) {
	p := a.read(text)
	if p.sandboxed() {
		return text, false
	}
	for _, file := range a.needs.files {
		if p, ok = a.fitFile(p, file, nonce); !ok {
			return text, false
		}
	}
	for _, hash := range a.needs.hashes {
		p = fitInline(p, hash, nonce)
	}
	if (a.needs.loads || len(a.needs.hashes) > 0) && a.needs.hasBase {
		if p, ok = a.fitLoaded(p); !ok {
			return text, false
		}
	}
	if a.needs.hasBase {
		if p, ok = a.fitBelow(p, connects); !ok {
			return text, false
		}
	}
	if a.needs.hasBase && a.needs.embeds {
		if p, ok = a.fitBelow(p, embeds); !ok {
			return text, false
		}
	}
	return p.text, true
}

// fitFile makes a policy allow a script of the insertion (CSP 3, 6.7.1.1).
func (a *policyAsker) fitFile(p policy, file reference, nonce string) (policy, bool) {
	d, restricted := p.governing(runs)
	if !restricted {
		return p, true
	}
	list := p.value(d)
	if hasNonce(list, nonce) {
		return p, true
	}
	sources := readSources(list)
	if sources.strictDynamic {
		// Another policy's nonce may stand here as well: there are nonces already, so
		// it disables nothing.
		if nonce != "" && sources.nonces {
			return readPolicy(p.add("'nonce-"+nonce+"'", runs)), true
		}
		return p, false
	}
	t, ok := file.from(a.request)
	if !ok {
		return p, false
	}
	if t.allowedBy(list) {
		return p, true
	}
	return readPolicy(p.add(a.below(t).source(), runs)), true
}

// below is the place that is allowed for a script: all files of the insertion
// where it is one of them, so that it may load the others.
func (a *policyAsker) below(t target) target {
	base, ok := a.needs.base.from(a.request)
	if ok && base.host == t.host && strings.HasPrefix(t.path, base.path) {
		return base
	}
	return t
}

// fitInline makes a policy allow a script in the insertion (CSP 3, 6.7.3.3).
func fitInline(p policy, hash, nonce string) policy {
	d, restricted := p.governing(runs)
	if !restricted {
		return p
	}
	list := p.value(d)
	if readSources(list).allowsInline() || hasNonce(list, nonce) || slices.Contains(strings.Fields(list), hash) {
		return p
	}
	return readPolicy(p.add(hash, runs))
}

// fitLoaded makes a policy allow what an inline script loads, or a file that creates
// further scripts. Under 'strict-dynamic' a script that may run may also load;
// otherwise its nonce or hash does not help the scripts that it creates.
func (a *policyAsker) fitLoaded(p policy) (policy, bool) {
	d, restricted := p.governing(runs)
	if !restricted || readSources(p.value(d)).strictDynamic {
		return p, true
	}
	return a.fitBelow(p, runs)
}

// fitBelow makes a policy allow the insertion's calls, or its frames.
func (a *policyAsker) fitBelow(p policy, u use) (policy, bool) {
	d, restricted := p.governing(u)
	if !restricted {
		return p, true
	}
	t, ok := a.needs.base.from(a.request)
	if !ok {
		return p, false
	}
	if t.allowedBy(p.value(d)) {
		return p, true
	}
	return readPolicy(p.add(t.source(), u)), true
}

// knownNeeds are the needs of one insertion.
type knownNeeds struct {
	markup []byte
	base   string
	needs
}

// needsOf is readNeeds, remembered for the insertion that came last: most sites
// have one.
func (i *Injector) needsOf(insertion Insertion) needs {
	known := i.known.Load()
	if known != nil && known.base == insertion.Base && known.loads == insertion.Loads && known.embeds == insertion.Embeds && bytes.Equal(known.markup, insertion.Bytes) {
		return known.needs
	}
	n := readNeeds(insertion)
	i.known.Store(&knownNeeds{bytes.Clone(insertion.Bytes), insertion.Base, n})
	return n
}
