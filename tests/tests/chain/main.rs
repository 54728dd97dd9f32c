//! Steps on a real chain that reorganises itself, forgets, becomes dear, and cannot be reached: each is taken once.

mod accounts;
mod bindings;
mod journal;
mod logs;
mod proxy;
mod refusals;
mod sending;
mod stage;
mod unreliable;
