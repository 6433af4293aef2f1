package workspace

// ReadTraits are the ids of the messages that depend on traits of the visitor, by their audience, their condition or their
// texts: somebody who claims to be another person is shown what is meant for that one.
func (s *Snapshot) ReadTraits() []string {
	var ids []string
	for _, m := range s.Messages {
		switch {
		case m.Status == StatusDraft, m.Status == StatusArchived:
		case s.Segments.AudienceUses(m.Audience, "traits"), m.Where != nil && s.Segments.Uses(m.Where, "traits"), m.Localized.Reads("traits"):
			ids = append(ids, m.ID)
		}
	}
	return ids
}
