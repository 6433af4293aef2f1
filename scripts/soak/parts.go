package main

// figure is one that a test says.
type figure struct {
	name, means string
	// bar is what it must not be above or below, where there is something.
	bar string
}

// part is some tests with their figures. Figures that are not listed are written behind those that are, under their names.
type part struct {
	name, title, about     string
	folder, tests, timeout string
	figures                []figure
}

// parts is every part, in the order of the report.
var parts = []part{
	{
		name: "bbolt", title: "Killed while it writes: the file (bbolt)",
		about:  "A process changes visitors with 128 goroutines: openings, traits with the index of addresses, events, page views, counts. It is killed with SIGKILL; the file is opened again, and every change that was acknowledged is looked for.",
		folder: "engine/store", tests: "^(TestNothingAcknowledgedIsLostByAKill|TestAKillWhileVisitorsAreForgottenLeavesNobodyHalfForgotten)$", timeout: "60m",
		figures: []figure{
			{"bbolt.kills", "kills", "100"},
			{"bbolt.kill_acknowledged", "changes acknowledged", ""},
			{"bbolt.kill_rate", "changes acknowledged a second, between kills", "≥ 5000"},
			{"bbolt.kill_lost", "acknowledged changes lost", "0"},
			{"bbolt.kill_failed_opens", "files that do not open", "0"},
			{"bbolt.open_after_kill_ms", "longest opening, in ms", "< 1000"},
			{"bbolt.forget_kills", "kills while visitors are forgotten", "50"},
			{"bbolt.forget_kill_half_forgotten", "visitors half forgotten", "0"},
		},
	},
	{
		name: "redis", title: "Killed while it writes: Redis",
		about:  "Two edges change visitors with 128 goroutines in a Redis with `appendfsync always`, which is killed with SIGKILL and started again.",
		folder: "engine/store", tests: "^TestNothingAcknowledgedIsLostWhenRedisIsKilled$", timeout: "60m",
		figures: []figure{
			{"redis.kills", "kills", "100"},
			{"redis.kill_acknowledged", "changes acknowledged", ""},
			{"redis.kill_rate", "changes acknowledged a second, while Redis runs, connecting again included", "≥ 5000"},
			{"redis.kill_lost", "acknowledged changes lost", "0"},
			{"redis.kill_failed_starts", "failed starts", "0"},
		},
	},
	{
		name: "log", title: "Killed while it writes: the log",
		about:  "A process appends events with 32 goroutines, another removes those of one person after the other; both are killed with SIGKILL. Then segments are cut off and flipped at every byte, and a disk fails at every step.",
		folder: "engine/eventlog", tests: "^(TestNothingAcknowledgedIsLostByAKill|TestAKillWhileForgettingLeavesNothingHalfDone|TestATailCutOffAnywhereLosesOnlyTheTail|TestAFlippedByteAnywhereLosesOnlyItsEvent|TestADiskThatFailsLosesNothingAcknowledged)$", timeout: "60m",
		figures: []figure{
			{"log.kills", "kills while events are written", "100"},
			{"log.kill_acknowledged", "events acknowledged", ""},
			{"log.kill_rate", "events acknowledged a second, between kills", "≥ 5000"},
			{"log.kill_lost", "acknowledged events lost", "0"},
			{"log.kill_failed_opens", "logs that do not open", "0"},
			{"log.forget_kills", "kills while events are removed", "100"},
			{"log.forget_kill_others_lost", "events of others lost", "0"},
			{"log.cut_files", "segments cut off, one at each byte", ""},
			{"log.cut_whole_events_lost", "whole events lost, or panics", "0"},
			{"log.flipped_files", "segments with a byte flipped, one for each byte", ""},
			{"log.flipped_other_events_lost", "other events lost, or panics", "0"},
			{"log.failing_disk_lost", "acknowledged events lost on a disk that fails", "0"},
		},
	},
	{
		name: "damage", title: "A damaged file",
		about:  "The end of a bbolt file with 300 visitors is cut off, and flipped, at every byte. It opens, or is refused so that it can be set aside; what cannot be read is an error.",
		folder: "engine/store", tests: "^(TestATailCutOffOrFlippedAnywhereCrashesNothing|TestDamageAnywhereCrashesNothing)$", timeout: "120m",
		figures: []figure{
			{"bbolt.tail_files", "files", ""},
			{"bbolt.tail_panics", "panics", "0"},
		},
	},
	{
		name: "disk", title: "A full disk",
		about:  "Store and log are on a disk of 4 MiB that is filled again and again while pages, polls and events come.",
		folder: "caddymodule", tests: "^TestAFullDiskHarmsNoPageAndNeedsNoRestart$", timeout: "20m",
		figures: []figure{
			{"full_disk.times", "times that the disk was full", ""},
			{"full_disk.pages", "pages asked for", ""},
			{"full_disk.page_errors", "pages that failed, or came without the snippet", "0"},
			{"full_disk.poll_errors", "polls that failed", "0"},
			{"full_disk.events_refused_after", "events refused when there was room again, without a restart", "0"},
		},
	},
	{
		name: "invented", title: "Invented visitors",
		about:  "Polls of visitors who do not exist, each with another id. Memory and file are compared after three quarters and at the end.",
		folder: "engine", tests: "^TestAFloodOfInventedVisitorsLeavesMemoryAndDiskFlat$", timeout: "120m",
		figures: []figure{
			{"invented.polls", "polls", "10000000"},
			{"invented.memory_growth_kib", "growth of the heap in the last quarter, in KiB", "≤ a tenth, and 1 MiB"},
			{"invented.file_growth_bytes", "growth of the file, in bytes", "0"},
		},
	},
	{
		name: "many", title: "Many known visitors",
		about:  "A server with a file of a million visitors: opened, started, and polled by visitors of its own.",
		folder: "cmd/handbill", tests: "^TestAServerWithManyVisitorsStartsAtOnce$", timeout: "60m",
		figures: []figure{
			{"many.visitors", "visitors", "1000000"},
			{"many.open_ms", "opening the file, in ms", "< 1000"},
			{"many.start_to_first_answer_ms", "from the start of the process to the first answer, in ms", "< 500"},
			{"many.own_memory_mib", "memory of the process after 50,000 of them came, without the mapped file, in MiB", ""},
		},
	},
	{
		name: "journal", title: "Redis is away",
		about:  "Redis is stopped, paused and cut off for a minute, or a replica takes over, while eight writers write through an edge; edges are killed while it is away.",
		folder: "engine/store", tests: "^(TestNothingAcknowledgedIsLostWhenAnEdgeIsKilledWhileRedisIsGone|TestEveryWriteIsAcknowledgedAndArrivesThough.*)$", timeout: "60m",
		figures: []figure{
			{"journal.kills", "kills of an edge while Redis is away", "100"},
			{"journal.kill_acknowledged", "changes acknowledged", ""},
			{"journal.kill_lost", "acknowledged changes lost", "0"},
			{"journal.outage_acknowledged, a stop", "writes acknowledged before, in and after an outage: a stop", ""},
			{"journal.outage_acknowledged, a pause", "the same: a pause", ""},
			{"journal.outage_acknowledged, a partition", "the same: a partition", ""},
			{"journal.outage_acknowledged, a failover with Sentinels", "the same: a failover with Sentinels", ""},
			{"journal.outage_acknowledged, a failover in a Cluster", "the same: a failover in a Cluster", ""},
			{"journal.outage_lost, a stop", "of them lost, or there twice: a stop", "0"},
			{"journal.outage_lost, a pause", "the same: a pause", "0"},
			{"journal.outage_lost, a partition", "the same: a partition", "0"},
			{"journal.outage_lost, a failover with Sentinels", "the same: a failover with Sentinels", "0"},
			{"journal.outage_lost, a failover in a Cluster", "the same: a failover in a Cluster", "0"},
			{"journal.outage_waited, a stop", "of them those that waited in the journal: a stop", ""},
			{"journal.outage_waited, a pause", "the same: a pause", ""},
			{"journal.outage_waited, a partition", "the same: a partition", ""},
			{"journal.outage_waited, a failover with Sentinels", "the same: a failover with Sentinels", ""},
			{"journal.outage_waited, a failover in a Cluster", "the same: a failover in a Cluster", ""},
			{"journal.outage_slowest_ms, a stop", "the slowest of them, in ms: a stop", ""},
			{"journal.outage_slowest_ms, a pause", "the same: a pause", ""},
			{"journal.outage_slowest_ms, a partition", "the same: a partition", ""},
			{"journal.outage_slowest_ms, a failover with Sentinels", "the same: a failover with Sentinels", ""},
			{"journal.outage_slowest_ms, a failover in a Cluster", "the same: a failover in a Cluster", ""},
		},
	},
	{
		name: "away", title: "Pages while Redis is away",
		about:  "Redis is paused, and cut off, for a minute while pages and polls are asked for, one after the other, and events come.",
		folder: "caddymodule", tests: "^TestPagesAndPollsAreAsFastWhileRedisIsAway$", timeout: "20m",
		figures: []figure{
			{"away.page_before_p50_ms, paused", "half of the pages before, in ms: Redis paused", ""},
			{"away.page_before_p50_ms, cut off", "the same: cut off", ""},
			{"away.page_p50_ms, paused", "half of the pages while it is away, in ms: paused", "≤ three times, and 10 ms"},
			{"away.page_p50_ms, cut off", "the same: cut off", "≤ three times, and 10 ms"},
			{"away.page_before_p99_ms, paused", "99 of 100 pages before, in ms: paused", ""},
			{"away.page_before_p99_ms, cut off", "the same: cut off", ""},
			{"away.page_p99_ms, paused", "99 of 100 pages while it is away, in ms: paused", ""},
			{"away.page_p99_ms, cut off", "the same: cut off", ""},
			{"away.poll_p50_ms, paused", "half of the polls while it is away, in ms: paused", "≤ 50"},
			{"away.poll_p50_ms, cut off", "the same: cut off", "≤ 50"},
			{"away.poll_p99_ms, paused", "99 of 100 polls while it is away, in ms: paused", ""},
			{"away.poll_p99_ms, cut off", "the same: cut off", ""},
			{"away.events_acknowledged, paused", "events acknowledged: paused", ""},
			{"away.events_acknowledged, cut off", "the same: cut off", ""},
			{"away.events_lost, paused", "of them lost: paused", "0"},
			{"away.events_lost, cut off", "the same: cut off", "0"},
		},
	},
	{
		name: "claims", title: "Caps hold",
		about:  "64 clients ask two edges for a message that may be shown three times, while Redis comes and goes.",
		folder: "engine", tests: "^TestClaimsOfACapOfThreeAreExactlyThree$", timeout: "60m",
		figures: []figure{
			{"claims.made, Redis stays", "claims: Redis stays", "≥ 10000"},
			{"claims.made, Redis is paused", "the same: Redis is paused", "≥ 10000"},
			{"claims.made, Redis is killed", "the same: Redis is killed", "≥ 10000"},
			{"claims.made, one edge is cut off", "the same: one edge is cut off", "≥ 10000"},
			{"claims.shown, Redis stays", "showings: Redis stays", "3"},
			{"claims.shown, Redis is paused", "the same: Redis is paused", "3"},
			{"claims.shown, Redis is killed", "the same: Redis is killed", "3"},
			{"claims.shown, one edge is cut off", "the same: one edge is cut off", "3"},
		},
	},
	{
		name: "sources", title: "Sources",
		about:  "Workspaces that were mutated, slow and dead sources, one write that changes every edge.",
		folder: "engine/source", tests: "^(TestMutatedWorkspacesNeverTakeTheGoodOneAway|TestOutagesOf.*|TestAStartDoesNotWaitForASourceThatIsSlow|TestOneWriteToRedisChangesEveryEdgeWithinASecond)$", timeout: "60m",
		figures: []figure{
			{"source.mutated_workspaces", "mutated workspaces", "1000"},
			{"source.mutated_workspaces_refused", "of them, those that do not check", ""},
			{"source.mutated_workspaces_regressed", "times that something else was served than the last that was good", "0"},
			{"source.outages", "kinds of outages of a URL", "≥ 8"},
			{"source.start_with_last_good_ms", "following a source that does not answer, until the last good workspace is in use, in ms", "< 200"},
			{"source.write_to_every_edge_ms, one server", "from a write to Redis until three edges have it, in ms", "< 1000"},
			{"source.write_to_every_edge_ms, a Cluster", "the same with a Cluster", "< 1000"},
			{"source.write_to_every_edge_ms, Sentinels", "the same with Sentinels", "< 1000"},
		},
	},
	{
		name: "reloads", title: "Reloads",
		about:  "Caddy reloads its configuration while pages and polls come and streams are open.",
		folder: "caddymodule", tests: "^(TestReloadsUnderRequestsLoseNothing|TestAWorkspaceFromAURLIsServedAndFollowedAndOutlivesItsServer)$", timeout: "60m",
		figures: []figure{
			{"reload.count", "reloads", "1000"},
			{"reload.requests_answered", "requests answered meanwhile, each rightly", ""},
			{"reload.requests_lost", "requests that were never answered", "0"},
			{"reload.connections_tried_again", "connections that Caddy closed with its listener before a request was read, and were tried again", ""},
			{"reload.goroutines_grown", "goroutines more than before", "0"},
			{"reload.heap_before_kib", "the heap before, in KiB", ""},
			{"reload.heap_after_kib", "the heap after, in KiB", ""},
			{"reload.seconds", "seconds that it took", ""},
			{"start.reload_with_last_good_ms", "from loading a configuration whose source is gone until a page of the last good workspace was read, in ms", ""},
		},
	},
	{
		name: "starts", title: "Starts without a source, and ends with open streams",
		about:  "A process whose source takes connections and says nothing is started, and asked for pages; one with open streams is told to end, as a service manager does.",
		folder: "cmd/handbill", tests: "^(TestAStartWithoutItsSourceServesTheLastGoodWorkspaceAtOnce|TestAServerThatIsToldToEndEndsItsStreamsAndKeepsEverything|TestOneWriteToRedisReachesEveryEdgeWithinASecond)$", timeout: "60m",
		figures: []figure{
			{"start.first_injected_page_ms, 10 messages", "from the start of the process until the first injected page, in ms, with 10 messages", ""},
			{"start.first_injected_page_ms, 100 messages", "the same with 100 messages", ""},
			{"start.first_injected_page_ms, 500 messages", "the same with 500 messages", "< 200"},
			{"start.first_injected_page_ms, 10000 messages", "the same with 10,000 messages", ""},
			{"start.first_decided_poll_ms, 10 messages", "until the first poll was decided, which waits for the messages to be compiled, in ms, with 10 messages", ""},
			{"start.first_decided_poll_ms, 100 messages", "the same with 100 messages", ""},
			{"start.first_decided_poll_ms, 500 messages", "the same with 500 messages", ""},
			{"start.first_decided_poll_ms, 10000 messages", "the same with 10,000 messages", ""},
			{"source.push_to_three_processes_ms", "from a push to Redis until three processes have it, in ms", "< 1000"},
			{"shutdown.open_streams", "streams open when a process is told to end", ""},
			{"shutdown.ms", "until it has ended, in ms; nothing acknowledged was lost", "< 5000"},
		},
	},
}
