//! What the contracts of the marketplace understand and say. `contracts/src/interfaces` describes all of it; a test compares
//! the two.

#![allow(missing_docs)]

use alloy::sol;

sol! {
    #![sol(all_derives)]

    /// How a case hands data over.
    struct Courier {
        uint32 step;
        uint32 perChunk;
        uint128 bond;
    }

    /// Evidence that a model says what somebody claims it says.
    struct Evidence {
        bytes32 weights;
        uint256[] points;
        bytes proof;
        bytes link;
    }

    /// A sibling on the way up a sum tree.
    struct Sibling {
        bytes32 hash;
        uint256 sum;
    }

    /// A word of a ciphertext, with its path.
    struct Word {
        uint256 value;
        bytes32[] path;
    }

    /// What can be wrong with a delivery.
    enum Fault {
        NotReduced,
        NotBytes,
        Step,
        Commitment,
        Label,
    }

    /// Shows that something is wrong with it.
    struct Complaint {
        Fault fault;
        uint256 item;
        uint256 position;
        Word[] words;
    }

    /// Who moves next in a delivery.
    enum Stage {
        None,
        Announced,
        Demanded,
        Acknowledged,
        Revealed,
    }

    /// A delivery of a case.
    struct Delivery {
        address sender;
        Stage stage;
        uint64 deadline;
        address receiver;
        uint32 step;
        uint32 decide;
        address currency;
        uint32 chunks;
        uint32 published;
        uint128 bond;
        uint32 perChunk;
        uint64 words;
        bytes32 root;
        bytes32 keyHash;
    }

    /// Money of all contracts.
    interface Credits {
        event Credited(address indexed owner, address indexed currency, uint256 amount);
        event Withdrawn(address indexed owner, address indexed currency, address to, uint256 amount);

        function credits(address currency, address owner) external view returns (uint256);
        function withdraw(address currency, address to) external returns (uint256 amount);
    }

    /// Nonces of all escrows.
    interface Signatures {
        event NonceUsed(address indexed signer, uint256 nonce);

        function nonceUsed(address signer, uint256 nonce) external view returns (bool);
        function cancelNonce(uint256 nonce) external;
    }

    /// Data of all escrows.
    interface Deliveries {
        event DeliveryAnnounced(
            uint256 indexed caseId,
            address indexed sender,
            address indexed receiver,
            bytes32 root,
            bytes32 keyHash,
            uint256 words,
            uint256 deadline
        );
        event PublicationDemanded(uint256 indexed caseId, uint256 bond, uint256 deadline);
        event ChunkPublished(uint256 indexed caseId, uint256 chunk, uint256[] words);
        event DeliveryAcknowledged(uint256 indexed caseId, uint256 deadline);
        event KeyRevealed(uint256 indexed caseId, uint256 key, uint256 deadline);
        event ComplaintUpheld(uint256 indexed caseId, Fault fault, uint256 item, uint256 position);

        function acknowledge(uint256 caseId) external;
        function acknowledgeBySignature(uint256 caseId, uint256 nonce, uint256 deadline, bytes signature) external;
        function demandPublication(uint256 caseId) external payable;
        function publish(uint256 caseId, uint256[] words, bytes32[] path) external;
        function reveal(uint256 caseId, uint256 key) external;
        function deliveryOf(uint256 caseId) external view returns (Delivery);
        function judge() external view returns (address);
        function registry() external view returns (address);
    }

    /// Architectures, models and stakes.
    interface ModelRegistry {
        struct Config {
            address currency;
            uint32 examples;
            uint128 exampleCost;
            uint32 unbondingDelay;
            address[] escrows;
        }

        struct Model {
            address provider;
            uint64 openCases;
            address verifier;
            uint64 withdrawableAt;
            uint128 stake;
            uint128 unbonding;
            bytes32 opening;
        }

        event ArchitectureRegistered(address indexed verifier, bytes32 codeHash, bytes32 archDigest);
        event ModelRegistered(
            bytes32 indexed model,
            address indexed provider,
            address indexed verifier,
            bytes32 weights,
            uint256[] points
        );
        event OpeningPublished(bytes32 indexed model, bytes32 opening, string uri);
        event StakeAdded(bytes32 indexed model, uint256 amount, uint256 stake);
        event UnbondingStarted(bytes32 indexed model, uint256 amount, uint256 unbonding, uint256 withdrawableAt);
        event StakeWithdrawn(bytes32 indexed model, uint256 amount, uint256 stake);
        event CaseLocked(bytes32 indexed model, address indexed escrow, uint256 openCases);
        event CaseUnlocked(bytes32 indexed model, address indexed escrow, uint256 openCases);
        event Slashed(bytes32 indexed model, address indexed escrow, uint256 amount, uint256 stake);

        function registerArchitecture(address verifier) external;
        function register(address verifier, uint256[] points) external returns (bytes32 model);
        function publishOpening(bytes32 model, bytes32 opening, string uri) external;
        function addStake(bytes32 model, uint256 amount) external payable;
        function startUnbonding(bytes32 model, uint256 amount) external;
        function withdrawStake(bytes32 model) external returns (uint256 amount);
        function modelOf(bytes32 model) external view returns (Model);
        function judgeOf(bytes32 model) external view returns (address provider, address verifier);
        function openingOf(bytes32 model) external view returns (bytes32);
        function modelId(address verifier, bytes32 weights) external pure returns (bytes32);
        function architectures(address verifier) external view returns (bytes32);
        function isEscrow(address escrow) external view returns (bool);
        function currency() external view returns (address);
        function minimumStake() external view returns (uint256);
        function penalty() external view returns (uint256);
        function unbondingDelay() external view returns (uint256);
    }

    /// Rounds of predictions.
    interface PredictionEscrow {
        enum State {
            None,
            Open,
            Accepted,
            Committed,
            InputsDemanded,
            InputsShown,
            Delivering,
            Predicted,
            PredictionsDemanded,
            Published,
            Contested,
            Refunded,
            Served,
            ConsumerFailed,
            ProviderFailed,
        }

        struct Windows {
            uint32 accept;
            uint32 inputs;
            uint32 predictions;
            uint32 contest;
            uint32 respond;
            uint32 respondEach;
        }

        struct Terms {
            address consumer;
            address provider;
            bytes32 model;
            address currency;
            uint32 count;
            uint16 beta;
            uint128 proofCost;
            uint128 price;
            uint128 demandBond;
            Windows windows;
            Courier courier;
            uint256 salt;
        }

        struct Round {
            State state;
            uint64 deadline;
            uint32 contested;
            uint32 outstanding;
            uint32 first;
            uint32 demanded;
            bytes32 inputs;
            bytes32 predictions;
        }

        struct Prediction {
            uint256 inputCommitment;
            uint256 outputCommitment;
            uint256 label;
        }

        event RoundOpened(
            uint256 indexed caseId,
            address indexed consumer,
            address indexed provider,
            Terms terms,
            uint256 deadline
        );
        event RoundAccepted(uint256 indexed caseId, uint256 deadline);
        event InputsCommitted(uint256 indexed caseId, bytes32 root, uint256 deadline);
        event InputsDemanded(uint256 indexed caseId, uint256 first, uint256 count, uint256 deadline);
        event InputShown(uint256 indexed caseId, uint256 index, uint256 commitment, bytes32[] path);
        event InputsShown(uint256 indexed caseId, uint256 deadline);
        event PredictionsCommitted(uint256 indexed caseId, bytes32 root, uint256 deadline);
        event PredictionsDemanded(uint256 indexed caseId, uint256 first, uint256 count, uint256 deadline);
        event PredictionPublished(uint256 indexed caseId, uint256 index, Prediction prediction);
        event PredictionsPublished(uint256 indexed caseId, uint256 deadline);
        event RoundContested(uint256 indexed caseId, uint256[] indices, uint256 deadline);
        event PredictionProven(uint256 indexed caseId, uint256 index, Prediction prediction, uint256 outstanding);
        event RoundEnded(uint256 indexed caseId, State state, uint256 toConsumer, uint256 toProvider, uint256 burned);

        function open(Terms terms) external payable returns (uint256 caseId);
        function cancel(Terms terms) external;
        function accept(Terms terms) external payable;
        function commitInputs(Terms terms, bytes32 root) external;
        function demandInputs(Terms terms, uint256 first, uint256 count) external payable;
        function showInputs(Terms terms, uint256[] commitments, bytes32[][] paths) external;
        function announceInputs(Terms terms, bytes32 root, bytes32 keyHash) external;
        function complain(
            Terms terms,
            uint256 key,
            Complaint complaint,
            uint256 inputCommitment,
            bytes32[] path
        ) external;
        function decline(Terms terms) external;
        function commitPredictions(Terms terms, bytes32 root) external;
        function demandPredictions(Terms terms, uint256 first, uint256 count) external payable;
        function publishPredictions(Terms terms, Prediction[] predictions, bytes32[][] paths) external;
        function contest(Terms terms, uint256[] indices) external;
        function respond(
            Terms terms,
            uint256 index,
            Prediction prediction,
            bytes32[] inputPath,
            bytes32[] predictionPath,
            Evidence evidence
        ) external;
        function settle(Terms terms) external;
        function idOf(Terms terms) external pure returns (uint256);
        function roundOf(uint256 caseId) external view returns (Round);
        function isOutstanding(uint256 caseId, uint256 index) external view returns (bool);
        function burnShare() external view returns (uint256);
    }

    /// Exams.
    interface AccuracyEscrow {
        enum State {
            None,
            Open,
            Accepted,
            FirstDelivery,
            Continued,
            SecondDelivery,
            Answered,
            Challenged,
            Refunded,
            Aborted,
            Passed,
            Failed,
            ConsumerFailed,
            ProviderFailed,
        }

        struct Windows {
            uint32 accept;
            uint32 announce;
            uint32 decide;
            uint32 results;
            uint32 challenge;
            uint32 respond;
            uint32 respondEach;
        }

        struct Terms {
            address consumer;
            address provider;
            bytes32 model;
            address currency;
            uint32 examples;
            uint32 first;
            uint32 target;
            uint128 exampleCost;
            uint128 proofCost;
            uint128 inferenceCost;
            bytes32 testSet;
            Windows windows;
            Courier courier;
            uint256 salt;
        }

        struct Exam {
            State state;
            uint64 deadline;
            uint32 correct;
            uint32 challenged;
            uint32 outstanding;
            bytes32 seed;
            bytes32 results;
        }

        struct Example {
            uint256 inputCommitment;
            bytes32 labelCommitment;
            bytes32[] path;
        }

        struct Score {
            Example example;
            uint256 outputCommitment;
            uint256 label;
            uint256 trueLabel;
            uint256 labelSalt;
            Sibling[] path;
        }

        event ExamOpened(
            uint256 indexed caseId,
            address indexed consumer,
            address indexed provider,
            Terms terms,
            uint256 deadline
        );
        event ExamAccepted(uint256 indexed caseId, bytes32 seed, uint256 deadline);
        event ExamContinued(uint256 indexed caseId, uint256 deadline);
        event ResultsPosted(uint256 indexed caseId, bytes32 root, uint256 correct, uint256 deadline);
        event ResultsChallenged(uint256 indexed caseId, uint256[] places, uint256 deadline);
        event ScoreProven(uint256 indexed caseId, uint256 place, uint256 label, bool correct, uint256 outstanding);
        event ExamEnded(uint256 indexed caseId, State state, uint256 toConsumer, uint256 toProvider, uint256 burned);

        function open(Terms terms) external payable returns (uint256 caseId);
        function cancel(Terms terms) external;
        function accept(Terms terms, bytes32 seed) external payable;
        function announceExamples(Terms terms, bytes32 root, bytes32 keyHash) external;
        function complain(Terms terms, uint256 key, Complaint complaint, Example example) external;
        function proceed(Terms terms) external;
        function abort(Terms terms) external;
        function postResults(Terms terms, bytes32 root, uint256 correct) external;
        function challenge(Terms terms, uint256[] places) external payable;
        function respond(Terms terms, uint256 place, Score score, Evidence evidence) external;
        function settle(Terms terms) external;
        function idOf(Terms terms) external pure returns (uint256);
        function examOf(uint256 caseId) external view returns (Exam);
        function exampleAt(Terms terms, uint256 place) external view returns (uint256);
        function isOutstanding(uint256 caseId, uint256 place) external view returns (bool);
        function feeRecipient() external view returns (address);
        function burnShare() external view returns (uint256);
    }

    /// Requests for documents.
    interface RetrievalEscrow {
        enum DatasetState {
            None,
            Committed,
            Retiring,
            Closed,
        }

        enum State {
            None,
            Filed,
            Approved,
            Posted,
            Drawn,
            Proven,
            Demanded,
            Identified,
            Delivering,
            Withdrawn,
            Fulfilled,
            FullDisclosure,
        }

        struct Windows {
            uint32 approve;
            uint32 results;
            uint32 prove;
            uint32 proveEach;
            uint32 demand;
            uint32 identify;
            uint32 identifyEach;
        }

        struct Dataset {
            address responder;
            address approver;
            address source;
            address verifier;
            address currency;
            bytes32 root;
            uint32 count;
            uint128 bond;
            uint128 demandBond;
            uint32 notice;
            Windows windows;
            Courier courier;
            uint256 salt;
        }

        struct Request {
            address requester;
            uint256 dataset;
            bytes32 model;
            uint256[] positives;
            uint64 bound;
            uint64 delta;
            uint128 reward;
            uint256 salt;
        }

        struct Standing {
            DatasetState state;
            bool attested;
            uint64 closableAt;
            uint256 active;
        }

        struct Case {
            State state;
            uint64 deadline;
            uint64 drawBlock;
            uint32 samples;
            uint32 outstanding;
            uint32 positives;
            uint32 first;
            uint32 demanded;
            bytes32 results;
            bytes32 seed;
        }

        struct Finding {
            uint256 commitment;
            uint256 label;
        }

        struct Opening {
            uint256 document;
            Finding finding;
            bytes32[] documentPath;
            Sibling[] resultPath;
        }

        event DatasetCommitted(
            uint256 indexed dataset,
            address indexed responder,
            address indexed approver,
            Dataset terms
        );
        event DatasetAttested(uint256 indexed dataset, address indexed source);
        event DatasetRetired(uint256 indexed dataset, uint256 closableAt);
        event DatasetClosed(uint256 indexed dataset, uint256 bond);
        event RequestFiled(
            uint256 indexed caseId,
            uint256 indexed dataset,
            address indexed requester,
            Request request,
            uint256 samples,
            uint256 deadline
        );
        event RequestApproved(uint256 indexed caseId, uint256 indexed dataset, uint256 deadline);
        event ResultsPosted(
            uint256 indexed caseId,
            bytes32 root,
            uint256 positives,
            uint256 drawBlock,
            uint256 deadline
        );
        event DrawRearmed(uint256 indexed caseId, uint256 drawBlock);
        event SampleDrawn(uint256 indexed caseId, bytes32 seed, uint256 deadline);
        event SampleProven(
            uint256 indexed caseId,
            uint256 sample,
            uint256 document,
            Finding finding,
            uint256 outstanding
        );
        event ResultsProven(uint256 indexed caseId, uint256 deadline);
        event PositivesDemanded(uint256 indexed caseId, uint256 first, uint256 count, uint256 deadline);
        event PositiveIdentified(uint256 indexed caseId, uint256 positive, Opening opening);
        event CaseEnded(uint256 indexed caseId, State state, uint256 toRequester, uint256 toResponder, uint256 burned);

        function commitDataset(Dataset dataset) external payable returns (uint256 datasetId);
        function attest(Dataset dataset, uint256 nonce, uint256 deadline, bytes signature) external;
        function retire(Dataset dataset) external;
        function close(Dataset dataset) external;
        function file(Dataset dataset, Request request) external payable returns (uint256 caseId);
        function approve(Dataset dataset, Request request) external;
        function postResults(Dataset dataset, Request request, bytes32 root, uint256 positives) external;
        function draw(Dataset dataset, Request request, bytes proof) external;
        function rearm(Dataset dataset, Request request) external;
        function prove(
            Dataset dataset,
            Request request,
            uint256 sample,
            Opening opening,
            uint256 outputCommitment,
            Evidence evidence
        ) external;
        function demandPositives(Dataset dataset, Request request, uint256 first, uint256 count) external payable;
        function identify(Dataset dataset, Request request, Opening opening) external;
        function announceDocuments(Dataset dataset, Request request, bytes32 root, bytes32 keyHash) external;
        function complain(Dataset dataset, Request request, uint256 key, Complaint complaint, Opening opening) external;
        function settle(Dataset dataset, Request request) external;
        function datasetIdOf(Dataset dataset) external pure returns (uint256);
        function idOf(Request request) external pure returns (uint256);
        function standingOf(uint256 datasetId) external view returns (Standing);
        function caseOf(uint256 caseId) external view returns (Case);
        function isProven(uint256 caseId, uint256 sample) external view returns (bool);
        function randomness() external view returns (address);
        function drawDelay() external view returns (uint256);
        function burnShare() external view returns (uint256);
    }

    /// Why any of them refuses a call. States are numbers here: what they mean depends on the contract.
    #[sol(abi)]
    interface Refusals {
        error AlreadyAttested(uint256 dataset);
        error ArchitectureExists(address verifier);
        error BadConfig();
        error BadIndex(uint256 index);
        error BadOpening(bytes32 opening, bytes32 published);
        error BadRange(uint256 first, uint256 count);
        error BadRecipient(address to);
        error BadResults(uint256 positives, uint256 documents);
        error BadSignature(address signer);
        error BadTerms();
        error BoundOutOfRange(uint256 p);
        error CasesOpen(uint256 openCases);
        error CodeHashMismatch(address verifier, bytes32 actual, bytes32 expected);
        error ComplaintRefused(uint256 caseId);
        error DatasetBusy(uint256 dataset, uint256 active);
        error DeadlineNotPassed(uint256 deadline);
        error DeadlinePassed(uint256 deadline);
        error DelegatingAccount(address account);
        error DeltaOutOfRange(uint256 delta);
        error DrawPending(uint256 drawBlock);
        error InvalidProof(uint256 caseId, uint256 index);
        error KeyNotReduced(uint256 key);
        error MalformedHeader(uint256 blockNumber);
        error ModelExists(bytes32 model);
        error ModelNotPublic(bytes32 model);
        error NoCode(address verifier);
        error NoCredit(address owner, address currency);
        error NoSuchItem(uint256 item, uint256 items);
        error NoSuchPosition(uint8 fault, uint256 position);
        error NonceSpent(address signer, uint256 nonce);
        error NotChallenged(uint256 caseId, uint256 place);
        error NotCommitted(uint256 caseId, uint256 index);
        error NotContested(uint256 caseId, uint256 index);
        error NotDelivered(uint256 t, uint256 word);
        error NotEscrow(address caller);
        error NotInDataset(uint256 caseId, uint256 document);
        error NotInResults(uint256 caseId, uint256 document);
        error NotInTestSet(uint256 caseId, uint256 example);
        error NotModelOwner(address provider, address owner);
        error NotOutstanding(uint256 caseId, uint256 sample);
        error NotParty(address caller, address expected);
        error NotPositive(uint256 caseId, uint256 document, uint256 ordinal);
        error NotProvider(address caller, address provider);
        error NotSampled(uint256 caseId, uint256 document, uint256 expected);
        error NothingChallenged();
        error NothingUnbonding(bytes32 model);
        error PositionOutOfRange(uint256 position, uint256 count);
        error PrecompileFailed(uint256 precompile);
        error Reentrancy();
        error ScalarOutOfRange(uint256 scalar);
        error SignatureExpired(uint256 deadline);
        error StakeExceeded(uint256 amount, uint256 bonded);
        error StakeTooLow(uint256 bonded, uint256 minimum);
        error StillUnbonding(uint256 withdrawableAt);
        error TooManyWords(uint256 words);
        error UnknownArchitecture(address verifier);
        error UnknownBlock(uint256 blockNumber);
        error UnknownModel(bytes32 model);
        error UnknownToRegistry(address escrow);
        error WordNotReduced(uint256 t, uint256 word);
        error WrongAmountReceived(address token, uint256 received, uint256 due);
        error WrongChunk(uint256 caseId, uint256 chunk);
        error WrongDataset(uint256 actual, uint256 expected);
        error WrongDatasetState(uint256 dataset, uint8 actual);
        error WrongExtras(uint256 extras);
        error WrongHeader(uint256 blockNumber, bytes32 headerHash);
        error WrongKey(uint256 caseId, uint256 key);
        error WrongLength(uint256 actual, uint256 expected);
        error WrongModel(bytes32 actual, bytes32 expected);
        error WrongPointWords(uint256 actual, uint256 expected);
        error WrongStage(uint256 caseId, uint8 actual, uint8 expected);
        error WrongState(uint256 caseId, uint8 actual);
        error WrongTrueLabel(uint256 caseId, uint256 place);
        error WrongValue(uint256 sent, uint256 due);
        error WrongVerifier(address actual, address expected);
        error WrongWordCount(uint256 actual, uint256 expected);
        error ZeroAmount();
    }
}
