package main

// scenarios are all that the suite runs, in the table's order.
func scenarios() []scenario {
	return []scenario{
		anonymousFirstMessage(),
		identifying(),
		resetting(),
		hostedSnippetStays(),
		ruleOnName(),
		ruleOnURL(),
		ruleOnCanonicalLink(),
		routeOfApplication(),
		priorityAndOneModal(),
		frequencyAcrossReloads(),
		persistentAtItsStep(),
		seenOnce(),
		twoTabs(),
		seenElsewhere(),
		tooltip(),
		inline(),
		toasts(),
		banners(),
		linkAction(),
		customAction(),
		stepsWithDisplays(),
		form(),
		documentInSandbox(),
		cannotBeDrawn(),
		pushed(),
		withdrawn(),
		strictPolicy(),
		ownPolicy(),
		slowEdge(),
		failingEdge(),
		settingsNeverFail(),
		inAppOff(),
	}
}
