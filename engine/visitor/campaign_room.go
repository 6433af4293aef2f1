package visitor

import "time"

// A record has room for [MaxCampaigns] runs. A campaign must not start again because its run made room for another, so
// what a run leaves behind is in the state of its message: when it started, and whether the visitor has left it.

// LastRun is what is remembered of the last run of a campaign whose run is not among [Record.Campaigns]: its start is zero
// where there is none. All the same the run goes on.
func (r *Record) LastRun(campaign string) RunCounts {
	state := r.of(campaign)
	if state == nil || r.Campaigns[campaign] != nil {
		return RunCounts{}
	}
	last := state.Run
	if w := state.Withheld; w != nil && last.Started.Before(w.Run.Started) {
		last = w.Run
	}
	return last
}

// forgotten is the last run of a campaign that made room, where one that starts at a time may start anew from again on; nil
// where there is none.
func (r *Record) forgotten(campaign string, started, again time.Time) *Run {
	last := r.LastRun(campaign)
	if last.Started.IsZero() {
		return nil
	}
	run := &Run{Started: last.Started, Exited: last.Exited}
	if !again.IsZero() {
		run.Again = last.Started.Add(again.Sub(started))
	}
	return run
}

// followed says whether a run that another record has comes after one that made room here, or is it: then it does not count.
func (r *Record) followed(campaign string, run *Run) bool {
	last := r.forgotten(campaign, run.Started, run.Again)
	return last != nil && (last.Started.Equal(run.Started) || mergeRuns(last, run) == last)
}

// CampaignRoom is how many campaigns more the visits of the visitor can start.
func (r *Record) CampaignRoom() int {
	if free := MaxCampaigns - len(r.Campaigns); free > 0 {
		return free
	}
	room := 0
	for id, run := range r.Campaigns {
		if r.lasts(id, run) {
			room++
		}
	}
	return room
}

// lasts says whether all that is to be remembered of a run is in the state of its message, too.
func (r *Record) lasts(campaign string, run *Run) bool {
	state := r.Messages[campaign]
	return run.Event == nil && run.Exited.IsZero() && state != nil && state.Run.Started.Equal(run.Started)
}

// makeRoom makes room for the run of another campaign; false when there is none for one that a visit starts.
func (r *Record) makeRoom(byVisit bool) bool {
	if len(r.Campaigns) < MaxCampaigns {
		return true
	}
	goes, lasting := "", false
	for id, run := range r.Campaigns {
		lasts := r.lasts(id, run)
		if byVisit && !lasts || goes != "" && lasting && !lasts {
			continue
		}
		if goes == "" || lasts != lasting || run.Started.Before(r.Campaigns[goes].Started) || run.Started.Equal(r.Campaigns[goes].Started) && id < goes {
			goes, lasting = id, lasts
		}
	}
	if goes == "" {
		return false
	}
	r.forgetRun(goes)
	return true
}

// forgetRun drops a run, and notes in the state of its message that there was one.
func (r *Record) forgetRun(campaign string) {
	run := r.Campaigns[campaign]
	delete(r.Campaigns, campaign)
	state := r.state(campaign)
	state.begin(run.Started)
	if state.Run.Started.Equal(run.Started) {
		state.Run.Exited = earlier(state.Run.Exited, run.Exited)
	}
}

func (r *Record) forgetCampaigns() {
	for len(r.Campaigns) > MaxCampaigns {
		r.makeRoom(false)
	}
}

// begin has the counts of a run begin, unless there are those of a later one.
func (s *MessageState) begin(started time.Time) {
	if started.After(s.Run.Started) {
		s.Run = RunCounts{Started: started}
	}
}

// exitForgotten notes that the visitor has left a campaign whose run made room.
func (r *Record) exitForgotten(c Change) bool {
	last := r.LastRun(c.Message)
	if last.Started.IsZero() || !last.Exited.IsZero() {
		return false
	}
	state := r.Messages[c.Message]
	state.begin(last.Started)
	state.Run.Exited = c.At
	return true
}
