package redis

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/redis/rueidis"
)

// Client is a Redis that any number of users share. It connects when the first of them asks for something, and again
// whenever it must.
type Client struct {
	place  string
	key    string
	option rueidis.ClientOption
	users  int // guarded by pool

	connecting sync.Mutex
	client     rueidis.Client // nil until it was reached once
	closed     bool

	mutex     sync.Mutex
	next      int
	listeners map[int]func(keys []string)
}

// pool holds the clients in use, by their place.
var pool = struct {
	sync.Mutex
	clients map[string]*Client
}{clients: map[string]*Client{}}

// ErrReleased is the error of a client that nobody uses any more.
var ErrReleased = errors.New("the connection to Redis is closed")

// Use returns the client of the Redis that URLs name, and keeps it until [Client.Release]. It connects to nothing yet. What
// wants it is as in [CheckURLs].
func Use(what string, urls []string) (*Client, error) {
	option, err := Option(what, urls)
	if err != nil {
		return nil, err
	}
	key := Place(urls)
	pool.Lock()
	defer pool.Unlock()
	c := pool.clients[key]
	if c == nil {
		c = &Client{place: Redacted(urls), key: key, listeners: map[int]func([]string){}}
		option.OnInvalidations = c.invalidated
		c.option = option
		pool.clients[key] = c
	}
	c.users++
	return c, nil
}

// Release gives the client back. The last user closes it.
func (c *Client) Release() {
	pool.Lock()
	c.users--
	last := c.users == 0
	if last {
		delete(pool.clients, c.key)
	}
	pool.Unlock()
	if !last {
		return
	}
	c.connecting.Lock()
	defer c.connecting.Unlock()
	c.closed = true
	if c.client != nil {
		c.client.Close()
	}
}

// Place names the Redis, without passwords.
func (c *Client) Place() string { return c.place }

// Connected returns the connection. It takes up to some seconds where Redis was not reached yet, and does not answer.
func (c *Client) Connected() (rueidis.Client, error) {
	c.connecting.Lock()
	defer c.connecting.Unlock()
	switch {
	case c.closed:
		return nil, ErrReleased
	case c.client != nil:
		return c.client, nil
	}
	made, err := rueidis.NewClient(c.option)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", c.place, err)
	}
	c.client = made
	return made, nil
}

// Listen calls a function with the keys that were changed, of those that were read with client-side caching; without any
// when a connection was lost, and with it what would have been told. It must return at once.
func (c *Client) Listen(heard func(keys []string)) (stop func()) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	id := c.next
	c.next++
	c.listeners[id] = heard
	return func() {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		delete(c.listeners, id)
	}
}

func (c *Client) invalidated(messages []rueidis.RedisMessage) {
	var keys []string
	for _, message := range messages {
		if key, err := message.ToString(); err == nil {
			keys = append(keys, key)
		}
	}
	c.mutex.Lock()
	listeners := slices.Collect(maps.Values(c.listeners))
	c.mutex.Unlock()
	for _, heard := range listeners {
		heard(keys)
	}
}
