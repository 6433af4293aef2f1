package workspace

// ReadTraits are the ids of the messages that depend on traits of the visitor, by their audience, their condition or their
// texts, in their order. Drafts and what is archived are left out.
func (s *Snapshot) ReadTraits() []string {
	var ids []string
	for _, m := range s.Messages {
		if m.readsTraits && m.Status != StatusDraft && m.Status != StatusArchived {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// readsTraits says whether a message depends on traits of the visitor.
func (c *check) readsTraits(m *Message) bool {
	return c.segments.AudienceUses(m.Audience, "traits") || m.Where != nil && c.segments.Uses(m.Where, "traits") ||
		m.Localized != nil && m.Localized.Reads("traits")
}
