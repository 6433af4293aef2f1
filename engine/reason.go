package engine

import "slices"

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
	// ReasonBot: the user agent says that it is a program, and the message is not shown to those.
	ReasonBot Reason = "bot"
	// ReasonNotStarted: the message's start lies ahead.
	ReasonNotStarted Reason = "not_started"
	// ReasonEnded: the message's end has passed.
	ReasonEnded Reason = "ended"
	// ReasonOutsideHours: it is no day or no hour of the message's schedule where the visitor, or its time zone, is.
	ReasonOutsideHours Reason = "outside_hours"
	// ReasonNotTriggered: nothing has started the campaign for the visitor, or the transactional message was not sent to them.
	ReasonNotTriggered Reason = "not_triggered"
	// ReasonWaiting: the campaign has started, and its delay is not over.
	ReasonWaiting Reason = "waiting"
	// ReasonExited: the visitor has left the campaign.
	ReasonExited Reason = "exited"
	// ReasonExpired: the message waited to be seen as long as it may.
	ReasonExpired Reason = "expired"
	// ReasonNeedsVerified: the message was sent to this person, and the visitor's user id is not verified.
	ReasonNeedsVerified Reason = "needs_verified"
	// ReasonAudience: the visitor does not belong to the message's audience.
	ReasonAudience Reason = "audience"
	// ReasonPage: no rule of pages fits the page, or a rule of except does.
	ReasonPage Reason = "page"
	// ReasonWhere: the message's condition does not hold.
	ReasonWhere Reason = "where"
	// ReasonRollout: the visitor is not among those to whom the message is rolled out.
	ReasonRollout Reason = "rollout"
	// ReasonExclusive: the visitor is in another message of the exclusive group.
	ReasonExclusive Reason = "exclusive_group"
	// ReasonDismissed: the visitor has dismissed the message, and its frequency ends with that; or dismissed it in this page view.
	ReasonDismissed Reason = "dismissed"
	// ReasonActed: the visitor has used a button of the message that leads on, and its frequency ends with that.
	ReasonActed Reason = "acted"
	// ReasonConverted: the visitor has reached the message's goal, and its frequency ends with that.
	ReasonConverted Reason = "converted"
	// ReasonSnoozed: the visitor wants not to see the message until later.
	ReasonSnoozed Reason = "snoozed"
	// ReasonLifetime: the visitor has seen the message as often as its frequency allows at all.
	ReasonLifetime Reason = "frequency_lifetime"
	// ReasonDays: the message's first showing is more days ago than its frequency allows.
	ReasonDays Reason = "frequency_days"
	// ReasonVisit: the visitor has seen the message as often as its frequency allows in one visit, or the reference client
	// shows it in one.
	ReasonVisit Reason = "frequency_visit"
	// ReasonGap: the message's last showing is less long ago than its frequency's minimum gap.
	ReasonGap Reason = "frequency_gap"
	// ReasonCap: the visitor has seen the message as often as a cap of its frequency allows for now.
	ReasonCap Reason = "frequency_cap"
	// ReasonDeleted: the visitor has deleted the message from their inbox.
	ReasonDeleted Reason = "deleted"
	// ReasonWhen: what the message waits for has not happened in the browser.
	ReasonWhen Reason = "when"
	// ReasonThrottled: the visitor has seen, or is just being handed, as many messages as a throttle allows.
	ReasonThrottled Reason = "throttled"
	// ReasonSlot: the place that the message takes on a page belongs to another one, or the reference client has none such.
	ReasonSlot Reason = "slot"
	// ReasonLeftOut: the message is wrong, and the workspace leaves such ones out (on_error = "skip").
	ReasonLeftOut Reason = "left_out"
	// ReasonContent: with this visitor's values the message's templates fail, or leave nothing to show.
	ReasonContent Reason = "content"
	// ReasonHeldOut: the message would be shown, and the visitor is in its holdout.
	ReasonHeldOut Reason = "held_out"
	// ReasonShadow: the message would be shown, and its status is "shadow".
	ReasonShadow Reason = "shadow"
)

// reasons are all reasons against a message, in the order in which they are looked at.
var reasons = []Reason{
	ReasonInAppOff, ReasonNotLive, ReasonBot, ReasonNotStarted, ReasonEnded, ReasonOutsideHours, ReasonNotTriggered, ReasonWaiting,
	ReasonExited, ReasonExpired, ReasonNeedsVerified, ReasonAudience, ReasonPage, ReasonWhere, ReasonRollout, ReasonExclusive,
	ReasonDismissed, ReasonActed,
	ReasonConverted, ReasonSnoozed, ReasonLifetime, ReasonDays, ReasonVisit, ReasonGap, ReasonCap, ReasonDeleted, ReasonWhen, ReasonThrottled,
	ReasonSlot, ReasonLeftOut, ReasonContent, ReasonHeldOut, ReasonShadow,
}

// Reasons lists every reason for which a message is not shown.
func Reasons() []Reason { return slices.Clone(reasons) }

// reasonPlaces are the places of reasons among the counts of a message; that of ReasonNone is 0.
var reasonPlaces = func() map[Reason]int {
	places := map[Reason]int{ReasonNone: 0}
	for i, reason := range reasons {
		places[reason] = i + 1
	}
	return places
}()

// maxReasons is how many reasons there may be; a test holds it.
const maxReasons = 48
