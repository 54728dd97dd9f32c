PRAGMA user_version = 1;

-- Inputs of a case: the consumer's own, or what the provider received. A commitment can be known without its input.
CREATE TABLE inputs (
    case_id BLOB NOT NULL,
    place INTEGER NOT NULL,
    commitment BLOB NOT NULL,
    salt BLOB,
    stored BLOB,
    PRIMARY KEY (case_id, place)
) WITHOUT ROWID;

-- What the model says about them: the provider's own, or what the consumer received.
CREATE TABLE predictions (
    case_id BLOB NOT NULL,
    place INTEGER NOT NULL,
    commitment BLOB NOT NULL,
    salt BLOB NOT NULL,
    label INTEGER NOT NULL,
    logits BLOB NOT NULL,
    PRIMARY KEY (case_id, place)
) WITHOUT ROWID;

-- Keys of deliveries that this party announces; a case can have several, one after the other.
CREATE TABLE deliveries (
    case_id BLOB NOT NULL,
    root BLOB NOT NULL,
    secret BLOB NOT NULL,
    PRIMARY KEY (case_id, root)
) WITHOUT ROWID;

-- Where the other side of a case can be reached.
CREATE TABLE peers (
    case_id BLOB PRIMARY KEY,
    url TEXT NOT NULL
) WITHOUT ROWID;

-- Ciphertexts that this party received.
CREATE TABLE ciphertexts (
    case_id BLOB NOT NULL,
    root BLOB NOT NULL,
    words BLOB NOT NULL,
    PRIMARY KEY (case_id, root)
) WITHOUT ROWID;

-- Cases with an input for which the model has no answer.
CREATE TABLE refused (case_id BLOB PRIMARY KEY) WITHOUT ROWID;

-- Predictions that were drawn to be contested, as a JSON list of places.
CREATE TABLE samples (
    case_id BLOB PRIMARY KEY,
    drawn TEXT NOT NULL
) WITHOUT ROWID;

-- Transactions of this party: written before they are sent, so that after a crash the same bytes are sent again. Those of one
-- step differ in their fees and share a nonce, so at most one of them is ever executed. Steps without a name are here for
-- their nonces.
CREATE TABLE transactions (
    id INTEGER PRIMARY KEY,
    name TEXT,
    account BLOB NOT NULL,
    chain_id INTEGER NOT NULL,
    genesis BLOB NOT NULL,
    nonce INTEGER NOT NULL,
    raw BLOB NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('sent', 'mined', 'reverted', 'lost'))
);
CREATE INDEX transactions_by_nonce ON transactions (account, chain_id, nonce);
CREATE INDEX transactions_by_name ON transactions (name);

-- Test sets: commitments of all examples, and what opens them. The consumer has that from the beginning, the provider for
-- what was handed over.
CREATE TABLE examples (
    test_set BLOB NOT NULL,
    place INTEGER NOT NULL,
    input BLOB NOT NULL,
    label BLOB NOT NULL,
    stored BLOB,
    salt BLOB,
    true_label BLOB,
    label_salt BLOB,
    PRIMARY KEY (test_set, place)
) WITHOUT ROWID;

-- The exam that a test set is for: it is good for one.
CREATE TABLE used_sets (
    test_set BLOB PRIMARY KEY,
    case_id BLOB NOT NULL
) WITHOUT ROWID;

-- What the provider of an exam says about all of its examples, as JSON.
CREATE TABLE answers (
    case_id BLOB PRIMARY KEY,
    answers TEXT NOT NULL
) WITHOUT ROWID;

-- Documents of datasets that this party answers for.
CREATE TABLE documents (
    dataset_id BLOB NOT NULL,
    place INTEGER NOT NULL,
    commitment BLOB NOT NULL,
    salt BLOB NOT NULL,
    stored BLOB NOT NULL,
    PRIMARY KEY (dataset_id, place)
) WITHOUT ROWID;

-- What the model of a request says about them, with the salt of the proof of it.
CREATE TABLE findings (
    case_id BLOB NOT NULL,
    place INTEGER NOT NULL,
    label INTEGER NOT NULL,
    salt BLOB NOT NULL,
    PRIMARY KEY (case_id, place)
) WITHOUT ROWID;

-- Positives that this party asked for and received, by their number.
CREATE TABLE positives (
    case_id BLOB NOT NULL,
    ordinal INTEGER NOT NULL,
    document INTEGER NOT NULL,
    label INTEGER NOT NULL,
    stored BLOB NOT NULL,
    PRIMARY KEY (case_id, ordinal)
) WITHOUT ROWID;
