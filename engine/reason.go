package engine

// Reason is a stable code for why a message is not shown. Operators meet it in "messages explain", in metrics and in
// logs; it never changes its meaning.
type Reason string

// The reasons, in the order in which they are looked at.
const (
	// ReasonNone: nothing speaks against showing the message.
	ReasonNone Reason = ""
	// ReasonInAppOff: in-app messaging is not enabled for the workspace (in_app = false).
	ReasonInAppOff Reason = "in_app_off"
	// ReasonNotLive: the message's status is not "live".
	ReasonNotLive Reason = "not_live"
	// ReasonNotStarted: the message's start lies ahead.
	ReasonNotStarted Reason = "not_started"
	// ReasonEnded: the message's end has passed.
	ReasonEnded Reason = "ended"
	// ReasonAudience: the visitor does not belong to the message's audience.
	ReasonAudience Reason = "audience"
	// ReasonPage: no rule of pages fits the page, or a rule of except does.
	ReasonPage Reason = "page"
	// ReasonFrequency: the visitor has seen or dismissed the message as often as its frequency allows.
	ReasonFrequency Reason = "frequency"
	// ReasonContent: with this visitor's values the message's templates fail, or leave nothing to show.
	ReasonContent Reason = "content"
	// ReasonLeased: another tab of the same visitor received the message less than LeaseTime ago.
	ReasonLeased Reason = "leased"
)
