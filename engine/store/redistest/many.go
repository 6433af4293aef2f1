package redistest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"handbill/engine/porttest"
)

// shards is how many masters a Cluster has, each with a replica.
const shards = 3

// Cluster is a Cluster of six: the first three nodes are masters at first.
type Cluster struct {
	t     testing.TB
	Nodes []*Server
}

// quick is when a node that says nothing is taken for gone, once one is to be: a machine under load must not make it so before.
const quick = "1000"

// StartCluster runs a Cluster that ends with its test.
func StartCluster(t testing.TB) *Cluster {
	t.Helper()
	c := &Cluster{t: t}
	arguments := []string{"--cluster", "create"}
	for range 2 * shards {
		node := Start(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "60000", "--cluster-replica-validity-factor", "0")
		c.Nodes, arguments = append(c.Nodes, node), append(arguments, node.Address)
	}
	arguments = append(arguments, "--cluster-replicas", "1", "--cluster-yes")
	if out, err := exec.Command(program(t, "redis-cli"), arguments...).CombinedOutput(); err != nil {
		t.Fatalf("making a Cluster: %v\n%s", err, out)
	}
	for _, node := range c.Nodes {
		node.await(func() bool {
			said := node.said("CLUSTER INFO")
			return strings.Contains(said, "cluster_state:ok") && strings.Contains(said, fmt.Sprintf("cluster_known_nodes:%d", 2*shards))
		})
	}
	for _, replica := range c.Nodes[shards:] {
		replica.await(func() bool { return strings.Contains(replica.said("INFO replication"), "master_link_status:up") })
	}
	return c
}

// Lose kills a master when its replica has what it has. That takes over a second later.
func (c *Cluster) Lose(master *Server) {
	c.t.Helper()
	for _, node := range c.Nodes {
		node.must("CONFIG SET cluster-node-timeout " + quick)
	}
	master.AwaitReplicas(1)
	master.Kill()
}

// must gives the server a command line that it must obey.
func (s *Server) must(line string) {
	s.t.Helper()
	if answer := s.Say(line); !strings.HasPrefix(answer, "+OK") {
		s.t.Fatalf("%s: %q", line, answer)
	}
}

// URLs are how a store names the Cluster: by some of its nodes.
func (c *Cluster) URLs() []string { return []string{c.Nodes[1].URL(), c.Nodes[4].URL()} }

// Flush forgets everything that the Cluster keeps.
func (c *Cluster) Flush() {
	c.t.Helper()
	for _, master := range c.Nodes[:shards] {
		master.Flush()
	}
}

// Holds says whether a node is the master that has a key.
func (s *Server) Holds(key string) bool {
	return strings.HasPrefix(s.said("STRLEN "+key), ":") && strings.Contains(s.said("INFO replication"), "role:master")
}

// AwaitReplicas waits until the server's replicas say that they have all that it had when it was asked.
func (s *Server) AwaitReplicas(n int) {
	s.t.Helper()
	had := -1
	s.await(func() bool {
		replicas, all, now := 0, true, -1
		for line := range strings.Lines(s.said("INFO replication")) {
			if _, offset, ok := strings.Cut(line, "offset="); ok && strings.HasPrefix(line, "slave") {
				has := -1
				_, _ = fmt.Sscanf(offset, "%d", &has)
				replicas++
				all = all && had >= 0 && has >= had
			}
			_, _ = fmt.Sscanf(line, "master_repl_offset:%d", &now)
		}
		if had < 0 {
			had = now
			return false
		}
		return replicas == n && all
	})
}

// Watched is a master with a replica and three Sentinels.
type Watched struct {
	Master, Replica *Server
	Sentinels       []*Server
}

// StartWatched runs a master, a replica and three Sentinels that end with their test.
func StartWatched(t testing.TB) *Watched {
	t.Helper()
	w := &Watched{Master: Start(t)}
	host, port, _ := net.SplitHostPort(w.Master.Address)
	w.Replica = Start(t, "--replicaof", host+" "+port)
	w.Replica.await(func() bool { return strings.Contains(w.Replica.said("INFO replication"), "master_link_status:up") })
	for range 3 {
		s := &Server{t: t, Address: porttest.Address(t), folder: t.TempDir(), program: program(t, "redis-server")}
		_, own, _ := net.SplitHostPort(s.Address)
		config := filepath.Join(s.folder, "sentinel.conf")
		text := fmt.Sprintf("port %s\nbind 127.0.0.1\nsentinel monitor handbill %s %s 2\nsentinel down-after-milliseconds handbill 60000\nsentinel failover-timeout handbill 4000\n", own, host, port)
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s.process = exec.Command(s.program, config, "--sentinel")
		if err := s.process.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Kill)
		w.Sentinels = append(w.Sentinels, s)
	}
	for _, s := range w.Sentinels {
		s.await(func() bool {
			said := s.said("SENTINEL MASTER handbill")
			return strings.Contains(said, "num-other-sentinels\r\n$1\r\n2") && strings.Contains(said, "num-slaves\r\n$1\r\n1")
		})
	}
	return w
}

// Lose kills the master when the replica has what it has. That takes over a second later.
func (w *Watched) Lose() {
	w.Master.t.Helper()
	for _, s := range w.Sentinels {
		s.must("SENTINEL SET handbill down-after-milliseconds " + quick)
	}
	w.Master.AwaitReplicas(1)
	w.Master.Kill()
}

// URLs are how a store names the master.
func (w *Watched) URLs() []string {
	var urls []string
	for _, s := range w.Sentinels {
		urls = append(urls, s.URL()+"?master_set=handbill")
	}
	return urls
}

// AwaitTakeover waits until the replica is the master.
func (w *Watched) AwaitTakeover(t testing.TB) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !strings.Contains(w.Replica.said("ROLE"), "master"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the replica does not take over")
		}
	}
}
