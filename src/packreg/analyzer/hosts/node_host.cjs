// Answers for a Node.js policy pack over a socket instead of a gRPC server.
//
// Preloaded with `node --require node_host.cjs …`. The variable PACKREG_FRAMES, `SOCKET,PAGE,TOKEN`, names two open
// descriptors and a number; without it nothing is changed, and the pack serves gRPC, as ever.
//
// The SDK adds its handlers to a gRPC server and binds that to a port. Here no port is opened: the token stands for
// it in the SDK's first line of output, and the handlers are called with what comes over the socket.
// `packreg.analyzer.frames` is the other side and describes the messages.
//
// What must hold, so that a pack sees no difference:
//
// * Every grpc-js that the loader gives out is changed, whatever its name or place, on its Server's prototype: a
//   pack may have several copies. Only a service with the analyzer's methods is taken: a pack may have a server of
//   its own.
// * The next handler starts when the last has ended, or has waited for a moment: handlers that compute keep only one
//   resource's values alive, and those that wait for a network wait together, up to 16 as over gRPC.
// * A handler that rejects without calling back gives an answer, too.
//
// The same properties are converted once instead of once per policy. The SDK copies the result, so a policy that
// changes what it was given changes nothing for the next.
"use strict";

const fs = require("fs");
const Module = require("module");
const net = require("net");

const VARIABLE = "PACKREG_FRAMES";
const METHODS = [
    "Handshake", "GetAnalyzerInfo", "GetPluginInfo", "ConfigureStack", "Configure", "Remediate", "Analyze",
    "AnalyzeStack", "Cancel",
];
const SERVICE = "/pulumirpc.Analyzer/";
const UNKNOWN = 2, UNIMPLEMENTED = 12, INTERNAL = 13;
const FRAME = 12, REQUEST = 5, ANSWER = 17;  // bytes of a frame's beginning, a request's, an answer's
const AT_ONCE = 16;  // handlers, as many as packreg asks at once over gRPC
const WAITED = 1;  // milliseconds after which a handler that has not ended waits for something
const TURN = 20;  // milliseconds after which answers are sent, and what has come is read
const TEXT = 8192;  // bytes of an error's text

const given = process.env[VARIABLE];
delete process.env[VARIABLE];
process.execArgv = process.execArgv.filter((word, at, words) =>
    word !== __filename && !(word === "--require" && words[at + 1] === __filename));
if (given) {
    record(...given.split(",").map(Number));
}

function record(channel, page, token) {
    const load = Module._load;
    const seen = new WeakSet();
    const own = (from, name) => Object.prototype.hasOwnProperty.call(from, name);
    let taken = false;
    let judging = 0;

    Module._load = function () {
        const loaded = load.apply(this, arguments);
        if (loaded !== null && typeof loaded === "object" && !seen.has(loaded)) {
            if (own(loaded, "ServerCredentials") && own(loaded, "Server")) {
                seen.add(loaded);
                recordServers(loaded.Server.prototype);
            } else if (own(loaded, "Struct") && own(loaded, "ListValue")) {
                seen.add(loaded);
                convertOnce(loaded.Struct.prototype);
            }
        }
        return loaded;
    };

    function recordServers(prototype) {
        if (seen.has(prototype)) {
            return;
        }
        seen.add(prototype);
        const { addService, bindAsync, start } = prototype;
        const recorded = new WeakMap();
        const hosted = new WeakSet();
        prototype.addService = function (service, implementation) {
            addService.call(this, service, implementation);
            const handlers = {};
            for (const name of Object.keys(service)) {
                const definition = service[name];
                const method = String(definition.path).replace(SERVICE, "");
                const implemented = implementation[name] || implementation[definition.originalName];
                if (implemented && METHODS.includes(method) && !definition.requestStream && !definition.responseStream) {
                    handlers[method] = { definition, call: implemented.bind(implementation) };
                }
            }
            if (handlers.Analyze) {
                recorded.set(this, handlers);
            }
        };
        prototype.bindAsync = function (address, credentials, callback) {
            const handlers = recorded.get(this);
            if (!handlers || taken) {
                return bindAsync.apply(this, arguments);
            }
            taken = true;
            hosted.add(this);
            serve(handlers);
            process.nextTick(() => callback(null, token));
        };
        prototype.start = function () {
            return hosted.has(this) ? undefined : start.apply(this, arguments);
        };
    }

    function convertOnce(prototype) {
        if (seen.has(prototype) || typeof prototype.toJavaScript !== "function") {
            return;
        }
        seen.add(prototype);
        const convert = prototype.toJavaScript;
        const converted = new WeakMap();
        let within = false;
        prototype.toJavaScript = function () {
            // Not for Configure, which keeps and changes what it gets, nor for each struct within another.
            if (judging === 0 || within) {
                return convert.call(this);
            }
            let found = converted.get(this);
            if (found === undefined) {
                within = true;
                try {
                    converted.set(this, found = convert.call(this));
                } finally {
                    within = false;
                }
            }
            return found;
        };
    }

    function serve(handlers) {
        const socket = new net.Socket({ fd: channel, readable: true, writable: true });
        const queue = [];
        const free = Array.from({ length: AT_ONCE }, (_, at) => AT_ONCE - at);  // places on the page
        const running = Buffer.alloc(8);
        let answers = [];
        let awaited = null;  // what was started last, until it has ended or waited
        let turned = Date.now();
        read(socket, request => queue.push(request), next);

        function next() {
            while (awaited === null && queue.length > 0 && free.length > 0) {
                if (Date.now() - turned >= TURN) {
                    awaited = setImmediate(() => { turned = Date.now(); go(awaited); });
                    send();
                    return;
                }
                start(queue.shift(), free.pop());
            }
        }

        function start(request, slot) {
            running.writeUInt32LE(request.place + 1, 0);
            running.writeUInt32LE(request.number, 4);
            fs.writeSync(page, running, 0, 8, slot * 8);
            awaited = request;
            const timer = setTimeout(() => { send(); go(request); }, WAITED);
            answer(handlers[request.method], request, (code, data) => {
                clearTimeout(timer);
                free.push(slot);
                say(request, code, data);
                if (queue.length === 0) {
                    send();
                }
                go(request);
            });
        }

        function go(from) {
            if (awaited === from) {
                awaited = null;
            }
            next();
        }

        function say(request, code, data) {
            const head = Buffer.alloc(ANSWER);
            request.frame.copy(head, 0);
            head.writeUInt32LE(request.place, 8);
            head.writeUInt8(code, 12);
            head.writeUInt32LE(data.length, 13);
            answers.push(head, data);
        }

        function send() {
            if (answers.length > 0) {
                socket.write(Buffer.concat(answers));
                answers = [];
            }
        }
    }

    // Calls a handler, and `done` once with a code and the bytes of the answer.
    function answer(handler, request, done) {
        if (handler === undefined) {
            done(UNIMPLEMENTED, failed(`The server does not implement the method ${request.method}`));
            return;
        }
        const judges = request.method === "Analyze" || request.method === "AnalyzeStack";
        let answered = false;
        const end = (code, data) => {
            if (!answered) {
                answered = true;
                judging -= judges ? 1 : 0;
                done(code, data);
            }
        };
        judging += judges ? 1 : 0;
        let message;
        try {
            message = handler.definition.requestDeserialize(request.data);
        } catch (error) {
            end(INTERNAL, failed("Error deserializing request"));
            return;
        }
        const call = {
            request: message, cancelled: false, metadata: undefined, getPeer: () => "unix:",
            getDeadline: () => Infinity, getPath: () => SERVICE + request.method, sendMetadata: () => {}, on: () => call,
        };
        const callback = (error, response) => {
            if (error) {
                end(...status(error));
                return;
            }
            try {
                end(0, handler.definition.responseSerialize(response));
            } catch (why) {
                end(INTERNAL, failed(`Error serializing response: ${why.message}`));
            }
        };
        try {
            Promise.resolve(handler.call(call, callback)).catch(callback);
        } catch (error) {
            callback(error);
        }
    }
}

// The code and text that grpc-js makes of an error.
function status(error) {
    const code = Number.isInteger(error.code) ? error.code : UNKNOWN;
    const text = typeof error.details === "string" ? error.details : "message" in Object(error) ? error.message : "Unknown Error";
    return [code & 0xff, failed(text)];
}

function failed(text) {
    const said = Buffer.from(String(text)).subarray(0, TEXT);
    const size = Buffer.alloc(4);
    size.writeUInt32LE(said.length);
    return Buffer.concat([size, said]);
}

// Calls `each` with every request that comes, and `ready` after those of each piece.
function read(socket, each, ready) {
    let chunks = [];
    let length = 0;
    let wanted = FRAME;
    let frame = null;
    let number = 0;
    let place = 0;
    let count = 0;
    let method = null;

    function take() {
        const all = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
        const data = all.subarray(0, wanted);
        length -= wanted;
        chunks = length > 0 ? [all.subarray(data.length)] : [];
        return data;
    }

    function part(data) {
        if (frame === null) {
            frame = Buffer.from(data.subarray(0, 8));
            count = data.readUInt32LE(8);
            number += 1;
            place = 0;
            wanted = REQUEST;
        } else if (method === null) {
            method = METHODS[data[0]];
            wanted = data.readUInt32LE(1);
        } else {
            each({ frame, number, place, method, data });
            place += 1;
            method = null;
            wanted = place < count ? REQUEST : FRAME;
            frame = place < count ? frame : null;
        }
    }

    socket.on("data", chunk => {
        chunks.push(chunk);
        length += chunk.length;
        while (length >= wanted) {
            part(wanted === 0 ? Buffer.alloc(0) : take());
        }
        ready();
    });
    socket.on("error", () => {});
}
