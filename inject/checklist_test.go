package inject_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// checklist is what an injector has to get right, and the tests that hold it: PACKAGE.TEST, and behind a colon the words of
// the case among several. A row without a test is not done.
var checklist = []struct {
	row   string
	tests []string
}{
	// The place (HTML standard 13.2.5 and 13.2.6.4.1 to 13.2.6.4.4).
	{"place: byte order mark", []string{"inject.TestPlaceInThePrologue: a UTF-8 byte order mark is skipped", "inject.TestUTF8MarkDecidesOverTheHeader"}},
	{"place: white space", []string{"inject.TestPlaceInThePrologue: whitespace before the head is passed"}},
	{"place: doctype, ends at > even in quotes, nothing before it", []string{"inject.TestPlaceInThePrologue: a doctype ends at > even in its quotes", "inject.TestPlaceInThePrologue: nothing goes before a doctype that follows a comment"}},
	{"place: comments and conditional comments", []string{"inject.TestPlaceInThePrologue: a comment ends at --!>", "inject.TestPlaceInThePrologue: a comment may be <!--->", "inject.TestPlaceInThePrologue: a conditional comment is a comment", "inject.TestOddSitesInEveryCodingAndPiece: conditional comments around html"}},
	{"place: bogus comments, CDATA, XML declarations", []string{"inject.TestPlaceInThePrologue: a bogus comment </ x", "inject.TestPlaceInThePrologue: CDATA outside foreign content is a bogus comment", "inject.TestPlaceInThePrologue: an XML declaration is a bogus comment"}},
	{"place: html's attributes, repeated html", []string{"inject.TestPlaceInThePrologue: html may be repeated"}},
	{"place: > and <head> in attribute values, quotes in names", []string{"inject.TestPlaceInThePrologue: a quoted value may hold <head>", "inject.TestPlaceInThePrologue: a quote in an attribute's name is a letter"}},
	{"place: after the first head tag", []string{"inject.TestPlaceInThePrologue: right after the head tag", "inject.TestPlaceInThePrologue: only the first of two heads"}},
	{"place: header and heading are other tags", []string{"inject.TestPlaceInThePrologue: header is another tag", "inject.TestPlaceInThePrologue: heading is another tag"}},
	{"place: implied by a start tag, text, NUL, a reference", []string{"inject.TestPlaceInThePrologue: any other start tag implies the head", "inject.TestPlaceInThePrologue: text implies the head", "inject.TestPlaceInThePrologue: NUL implies the head", "inject.TestPlaceInThePrologue: a reference to a space counts as text"}},
	{"place: end tags that count, and those that are ignored", []string{"inject.TestPlaceInThePrologue: </br> implies the head", "inject.TestPlaceInThePrologue: other end tags are ignored"}},
	{"place: capitals", []string{"inject.TestPlaceInThePrologue: upper case"}},
	{"place: frameset", []string{"inject.TestPlaceInThePrologue: a frameset page", "inject.TestOddSitesInEveryCodingAndPiece: a page of frames without a head"}},
	{"place: head in script, noscript, template, textarea, CDATA of SVG", []string{"inject.TestPlaceInThePrologue: a head in a template", "inject.TestPlaceInThePrologue: a head in a textarea", "inject.TestPlaceInThePrologue: a head in SVG's CDATA", "inject.TestPlaceInThePrologue: noscript before a head"}},
	{"place: every split gives the same, at most 7 bytes are held back", []string{"inject.TestHTML5LibDocumentsSplitAnywhere", "inject.TestGeneratedDocuments", "inject.FuzzScanner"}},
	{"place: a prologue of any length", []string{"inject.TestCommentOfMegabytesIsStreamed", "inject.TestAttributesWithoutEndAreStreamed"}},
	{"place: the end of file, undecided", []string{"inject.TestPlaceInThePrologue: the end of file, undecided", "inject.TestSkippedResponsesPassUntouched: an empty body"}},
	{"place: after the charset", []string{"inject.TestPlaceAfterTheCharset"}},
	{"place: equal trees, by two parsers, on tests, real pages and generated ones", []string{"inject.TestHTML5LibDocuments", "inject.TestGeneratedDocuments", "cmd.TestRealPagesDifferByTheInsertedElementAlone", "cmd.TestASecondParserFindsThePageAndOneElement"}},
	{"place: hydration", []string{"sites.TestNextStreamsAndHydratesBehindHandbill", "sites.TestReactRouterStreamsAndHydratesBehindHandbill"}},

	// When not to inject.
	{"when: method", []string{"inject.TestSkippedResponsesPassUntouched: POST is not GET", "inject.TestConnectIsPassed"}},
	{"when: upgrades and WebSocket", []string{"inject.TestSkippedResponsesPassUntouched: an upgrade", "inject.TestSkippedResponsesPassUntouched: a WebSocket over HTTP/2 as an intermediary rewrites it", "inject.TestUpgradesAreHijacked", "caddymodule.TestASocketPassesThrough", "cmd.TestWebSocketsPass"}},
	{"when: status 1xx, 204, 205, 206, 3xx, 304", []string{"inject.TestSkippedResponsesPassUntouched: 204", "inject.TestSkippedResponsesPassUntouched: 205", "inject.TestSkippedResponsesPassUntouched: 206", "inject.TestSkippedResponsesPassUntouched: a redirect", "inject.TestSkippedResponsesPassUntouched: 304"}},
	{"when: error pages, unless switched off", []string{"inject.TestErrorPagesAreInjected", "inject.TestSkippedResponsesPassUntouched: an error page, switched off"}},
	{"when: HEAD as GET", []string{"inject.TestHeadSaysWhatGetWould"}},
	{"when: text/html alone, no sniffing", []string{"inject.TestSkippedResponsesPassUntouched: XHTML", "inject.TestSkippedResponsesPassUntouched: a longer type", "inject.TestSkippedResponsesPassUntouched: a missing type is not sniffed", "inject.TestSkippedResponsesPassUntouched: types that disagree"}},
	{"when: attachment", []string{"inject.TestSkippedResponsesPassUntouched: Content-Disposition: attachment"}},
	{"when: no-transform", []string{"inject.TestSkippedResponsesPassUntouched: Cache-Control: no-transform"}},
	{"when: AMP", []string{"inject.TestPlaceInThePrologue: AMP by its sign", "inject.TestSkippedResponsesPassUntouched: AMP"}},
	{"when: fragments, by the body", []string{"inject.TestPlaceInThePrologue: a fragment of text", "inject.TestOddSitesInEveryCodingAndPiece: a row of a table for htmx", "inject.TestOddSitesInEveryCodingAndPiece: a Turbo frame", "cmd.TestRealPagesDifferByTheInsertedElementAlone: fragments"}},
	{"when: fragments, by the request, as a veto", []string{"inject.TestSkippedResponsesPassUntouched: htmx", "inject.TestSkippedResponsesPassUntouched: Turbo-Frame", "inject.TestSkippedResponsesPassUntouched: XMLHttpRequest", "inject.TestSkippedResponsesPassUntouched: X-PJAX", "inject.TestSkippedResponsesPassUntouched: X-Up-Target", "inject.TestSkippedResponsesPassUntouched: X-Inertia", "inject.TestSkippedResponsesPassUntouched: RSC", "inject.TestSkippedResponsesPassUntouched: Next-Router-State-Tree", "inject.TestSkippedResponsesPassUntouched: Sec-Fetch-Dest: empty"}},
	{"when: never by a request header that caches do not know of", []string{"inject.TestFragmentRequestsThatMayBeCachedAreJudgedByTheirBody: htmx, without Vary"}},
	{"when: Turbo Drive, boosted htmx, history", []string{"inject.TestFragmentRequestsThatMayBeCachedAreJudgedByTheirBody: Turbo Drive", "inject.TestFragmentRequestsThatMayBeCachedAreJudgedByTheirBody: htmx, boosted", "inject.TestFragmentRequestsThatMayBeCachedAreJudgedByTheirBody: htmx, history restore"}},
	{"when: JSON, feeds, scripts and drawings that are called HTML", []string{"inject.TestOddSitesInEveryCodingAndPiece: JSON that a framework calls HTML", "inject.TestOddSitesInEveryCodingAndPiece: a feed", "inject.TestOddSitesInEveryCodingAndPiece: a drawing"}},
	{"when: injected already, nested or in a row", []string{"inject.TestOnlyTheOuterOfTwoInjectorsInserts", "inject.TestProxiesInARowInjectOnce", "inject.TestSkippedResponsesPassUntouched: planned by another instance"}},
	{"when: a page that has a snippet", []string{"client.TestEveryWayToStartEndsInOneClient"}},
	{"when: opted out by the site or the page", []string{"inject.TestSkippedResponsesPassUntouched: the response header Handbill: off", "inject.TestPlaceInThePrologue: opted out on html", "caddymodule.TestALateHeaderOfTheOperatorKeepsAPageAsItIs"}},
	{"when: the operator's matchers", []string{"inject.TestSkippedResponsesPassUntouched: outside the operator's matcher", "caddymodule.TestAMatcherThatFailsLetsThePagePass"}},
	{"when: prefetch and prerender", []string{"inject.TestFragmentRequestsThatMayBeCachedAreJudgedByTheirBody: a prefetch", "client.TestAPageThatIsBeingPrerenderedAsksNothing"}},
	{"when: every reason has a test and a line in the manual", []string{"inject.TestEveryReasonHasATest", "inject.TestEveryReasonIsDocumented"}},
	{"when: what passes is the same byte for byte and field for field", []string{"inject.TestSkippedResponsesPassUntouched", "inject.TestAnySequenceOfCallsIsAnsweredAsWithoutUs", "cmd.TestWhatIsNotInjectedIsNotTouched", "cmd.TestNothingIsTouchedOverHTTP2And3"}},

	// Encodings of text.
	{"encoding: UTF-16 by mark or header", []string{"inject.TestUTF16", "inject.TestUTF16PagesAreInjectedInTheirEncoding: by header"}},
	{"encoding: ASCII-compatible ones", []string{"inject.TestEncodingsByHeader: Shift_JIS", "inject.TestEncodingsByHeader: big5"}},
	{"encoding: ISO-2022-JP stops at an escape", []string{"inject.TestEscapeSequencesStopTheScanner", "inject.TestSkippedResponsesPassUntouched: ISO-2022-JP in the prologue"}},
	{"encoding: others", []string{"inject.TestSkippedResponsesPassUntouched: UTF-7"}},
	{"encoding: labels that browsers do not know", []string{"inject.TestAnUnknownCharsetDeclaresNothing"}},
	{"encoding: meta charset stays in the first 1,024 bytes", []string{"inject.TestMetaCharsetStaysInItsWindow", "inject.TestLongInsertionsLeaveTheCharsetInItsWindow"}},
	{"encoding: the snippet is short and ASCII", []string{"wire.TestTheExternalSnippetIsShortASCIIAndSaysNothingOfTheVisitor", "inject.TestSkippedResponsesPassUntouched: our own fault"}},

	// Codings.
	{"coding: gzip is asked for alone, else identity", []string{"inject.TestWhatIsAskedOfTheSite: gzip alone for a page", "inject.TestWhatIsAskedOfTheSite: identity where gzip is refused"}},
	{"coding: gzip and deflate are spliced, whatever the compressor", []string{"splice.TestSplicesWhateverTheCompressor", "splice.TestInsertsAtThePointOfEveryKindOfBody", "inject.TestCompressedPagesInPieces"}},
	{"coding: br and zstd are decoded", []string{"inject.TestCompressedPagesAreInjected", "inject.TestBytesBehindTheEndOfABrotliStreamAreNoFault"}},
	{"coding: unknown, several", []string{"inject.TestSkippedResponsesPassUntouched: an unknown coding", "inject.TestSkippedResponsesPassUntouched: several codings on lines of their own"}},
	{"coding: warned of once", []string{"inject.TestWhatAnOperatorCanMendIsWarnedOfOnce"}},
	{"coding: header fields, members, what follows the trailer", []string{"splice.TestPassesEveryHeaderField", "splice.TestChangesOnlyTheFirstOfSeveralMembers", "splice.TestPassesWhatStandsBehindTheTrailer"}},
	{"coding: truncated and damaged", []string{"splice.TestABodyThatIsCutOffStaysCutOff", "inject.TestTruncatedBodiesShowAsFarAsTheyGo", "inject.TestDamagedBodiesBehindThePlaceAbort", "inject.TestSkippedResponsesPassUntouched: a damaged gzip body"}},
	{"coding: flushed streams", []string{"splice.TestWhatTheSiteFlushesComesOutAtOnce", "inject.TestStreamedPagesArriveAtOnce"}},
	{"coding: bombs, bounded memory", []string{"inject.TestBombsUseBoundedMemory", "splice.TestABombIsNotDecompressed", "splice.TestMemoryIsBounded"}},

	// The header.
	{"header: Content-Length exact or absent", []string{"inject.TestContentLengthIsExactOrAbsent", "inject.TestShortSplicedPagesKeepAnExactLength"}},
	{"header: ETag weak and suffixed, with the snippet's version", []string{"inject.TestHeadersOfInjectedPages: a strong ETag becomes weak and names the version", "wire.TestTheSnippetsVersionChangesWithItsMarkupOnly"}},
	{"header: If-None-Match, lists, lines, W/", []string{"inject.TestWhatIsAskedOfTheSite: tags in a list", "inject.TestWhatIsAskedOfTheSite: tags on several lines", "inject.TestWhatIsAskedOfTheSite: the site's own weak tag"}},
	{"header: If-Match", []string{"inject.TestWhatIsAskedOfTheSite: If-Match speaks of the site's page", "inject.TestIfMatchOfOtherMethodsIsTranslated"}},
	{"header: Range and If-Range", []string{"inject.TestWhatIsAskedOfTheSite: no part of a page", "inject.TestWhatIsAskedOfTheSite: no part to go on with an injected page", "inject.TestWhatIsAskedOfTheSite: a part of a file"}},
	{"header: Last-Modified", []string{"inject.TestHeadersOfInjectedPages: Last-Modified is kept and makes an ETag", "inject.TestWhatIsAskedOfTheSite: a page's date alone does not tell"}},
	{"header: 304 goes on working, until the snippet changes", []string{"inject.TestAPageIsFetchedOnceUntilItOrTheSnippetChanges", "inject.TestACopyFromBeforeIsReplaced"}},
	{"header: Accept-Ranges, digests, signatures", []string{"inject.TestHeadersOfInjectedPages: Accept-Ranges is dropped", "inject.TestHeadersOfInjectedPages: Repr-Digest is dropped", "inject.TestHeadersOfInjectedPages: signatures are dropped", "inject.TestTrailers"}},
	{"header: Content-Encoding and Vary", []string{"inject.TestVaryNamesAcceptEncodingWhereItWasChanged"}},
	{"header: pages for one visitor", []string{"inject.TestPrivatePages"}},
	{"header: Link", []string{"inject.TestHeadersOfInjectedPages: Link: preload passes"}},
	{"header: 64 KiB", []string{"inject.TestHeadersOf64Kilobytes"}},

	// Policies.
	{"policy: nonce by the fallback order", []string{"inject.TestPolicies: script-src-elem decides before script-src", "inject.TestPolicies: default-src decides where there is no other"}},
	{"policy: several, joined, report-only", []string{"inject.TestPolicies: one nonce in several headers", "inject.TestPolicies: one nonce in policies joined by a comma", "inject.TestPolicies: only what reports blocks nothing"}},
	{"policy: different nonces", []string{"inject.TestPolicies: different nonces: a source is added"}},
	{"policy: strict-dynamic", []string{"inject.TestPolicies: 'strict-dynamic' heeds no hosts"}},
	{"policy: unsafe-inline stays in force, none is replaced", []string{"inject.TestPolicies: 'unsafe-inline' stays in force beside a source", "inject.TestPolicies: 'none' is replaced"}},
	{"policy: connect-src", []string{"inject.TestPolicies: connect-src 'none' is replaced", "cmd.TestEveryPolicyShowsAMessageOrKeepsThePageAsItIs: connect-src none"}},
	{"policy: in the page, before or behind the place", []string{"inject.TestPlaceInThePrologue: before a policy in the page", "inject.TestSkippedResponsesPassUntouched: a policy in the page, before the place", "cmd.TestEveryPolicyShowsAMessageOrKeepsThePageAsItIs: in the page, no calls", "client.TestAPolicyInThePageThatForbidsOurCallsIsHeeded"}},
	{"policy: Trusted Types and sandbox", []string{"cmd.TestEveryPolicyShowsAMessageOrKeepsThePageAsItIs: Trusted Types without any policy", "cmd.TestEveryPolicyShowsAMessageOrKeepsThePageAsItIs: a sandbox"}},
	{"policy: set after us", []string{"inject.TestPoliciesThatAreSetAfterUs", "caddymodule.TestFirstPageCarriesTheNonceOfADeferredHeader", "cmd.TestEveryPolicyShowsAMessageOrKeepsThePageAsItIs: set after us, with a nonce"}},

	// Streams, and the writer's contract.
	{"stream: a flush releases all but the beginning of a tag", []string{"inject.TestCallsThatReachTheWriterBelow: a flush in a tag's name keeps the tag back"}},
	{"stream: server-sent events, Incremental, X-Accel-Buffering", []string{"inject.TestServerSentEventsArriveAtOnce", "inject.TestCallsThatReachTheWriterBelow: Incremental: ?1 never waits", "inject.TestCallsThatReachTheWriterBelow: X-Accel-Buffering: no never waits", "cmd.TestEveryPartOfAStreamArrivesBeforeTheSiteSendsTheNext"}},
	{"stream: trailers", []string{"inject.TestTrailers", "cmd.TestWhatIsNotInjectedIsNotTouched: a page with trailers"}},
	{"stream: 1xx and Early Hints", []string{"inject.TestEarlyHints", "inject.TestCallsThatReachTheWriterBelow: informational responses"}},
	{"stream: HTTP/1.0, 1.1, 2 and 3", []string{"inject.TestHTTP10", "inject.TestHTTP10KeepsItsConnectionWhereTheLengthIsKnown", "inject.TestHTTP2", "cmd.TestNothingIsTouchedOverHTTP2And3"}},
	{"stream: sites that abort, browsers that leave", []string{"inject.TestAbortedSitesAbort", "inject.TestABrowserThatLeavesIsNoticedByTheSite", "inject.TestErrorsOfTheWriterBelowAreReturned"}},
	{"stream: ReadFrom, sendfile", []string{"inject.TestCallsThatReachTheWriterBelow: a reader of what is no page goes below as it is", "inject.TestFilesAreInjected", "inject.TestCompressedFilesAreInjected"}},
	{"stream: no write of its own", []string{"inject.TestInjectionCostsNoWriteOfItsOwn"}},
	{"writer: every interface", []string{"inject.TestEveryInterfaceOfTheServersWriterIsThere", "inject.TestControllersReachTheConnection"}},
	{"writer: every order", []string{"inject.TestAnySequenceOfCallsIsAnsweredAsWithoutUs", "inject.TestCallsThatReachTheWriterBelow"}},
	{"writer: misuse, use after the handler", []string{"inject.TestMisuseOfTheWriterIsAnsweredAsWithoutUs", "inject.TestAWriterThatIsUsedAfterItsHandlerIsHarmless"}},
	{"writer: errors of the site", []string{"inject.TestSiteErrorsPassUntouched"}},
	{"faults: of ours, at every stage", []string{"inject.TestAFaultOfOursYieldsTheSitesBytes", "inject.TestAFaultBehindTheHeaderYieldsTheRestOfTheBytes", "inject.TestFaultsOfWhatTheOptionsCallHarmNoPage", "inject.TestAFaultInTheMiddleOfACompressedPageAborts"}},
	{"faults: no goroutine left, many visitors, reloads", []string{"inject.TestDecodersLeaveNoGoroutine", "inject.TestManyVisitorsAtOnce", "caddymodule.TestReloadsUnderRequestsLoseNothing"}},

	// The browser, and operating.
	{"browser: back/forward cache, hidden tabs", []string{"client.TestAPageFromTheBackForwardCachePollsAgain", "client.TestOnlyAVisibleTabPolls"}},
	{"browser: a stable address for service workers and caches", []string{"wire.TestTheClientsFileIsOneStableAddress"}},
	{"operating: metrics, debug header", []string{"caddymodule.TestMetricsAreBoundedAndWellFormed", "inject.TestDebugHeader"}},
}

// rooms are the folders of the tests, by the names in the checklist.
var rooms = map[string]string{
	"inject": ".", "splice": "splice", "wire": "../engine/wire", "caddymodule": "../caddymodule",
	"client": "../client", "cmd": "../cmd/handbill", "sites": "../sites",
}

func TestEveryRowOfTheChecklistHasATest(t *testing.T) {
	sources := map[string]string{}
	for name, folder := range rooms {
		files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no tests in %s (%v)", folder, err)
		}
		for _, file := range files {
			if filepath.Base(file) == "checklist_test.go" {
				continue // which names everything itself
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sources[name] += string(text)
		}
	}
	reference := regexp.MustCompile(`^(\w+)\.(\w+)(?:: (.+))?$`)
	for _, line := range checklist {
		if len(line.tests) == 0 {
			t.Errorf("%s: no test", line.row)
		}
		for _, test := range line.tests {
			parts := reference.FindStringSubmatch(test)
			if parts == nil || sources[parts[1]] == "" {
				t.Errorf("%s: %q names no test", line.row, test)
				continue
			}
			if source := sources[parts[1]]; !strings.Contains(source, "\nfunc "+parts[2]+"(") {
				t.Errorf("%s: there is no %s", line.row, test)
			} else if !strings.Contains(source, parts[3]) {
				t.Errorf("%s: %s.%s has no case %q", line.row, parts[1], parts[2], parts[3])
			}
		}
	}
}
