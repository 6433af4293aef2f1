package store

import "time"

// WaitLong has a store wait for a Redis that is there, however slow this machine is at the moment.
func (r *Redis) WaitLong() { r.patience, r.readPatience = time.Minute, time.Minute }
