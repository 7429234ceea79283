//! What the tests of the whole stand on: an application in this process with a small platform in it, and a client
//! that speaks GraphQL over HTTP.
