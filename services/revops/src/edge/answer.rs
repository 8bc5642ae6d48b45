//! The body of an answer: it ends at once when the process stops, and something is done at its end.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::watch;
use tonic::Status;

/// What is done at the end: with the trailers, or with nothing when the caller has gone away.
pub type AtEnd = Box<dyn FnOnce(Option<&mut HeaderMap>) + Send>;

/// The messages of an answer and then its trailers.
pub struct Answer {
    inner: axum::body::Body,
    stopping: watch::Receiver<bool>,
    stopped: Option<BoxFuture<'static, ()>>,
    at_end: Option<AtEnd>,
    is_cut_off: bool,
}

impl Answer {
    /// An answer of a process that tells when it stops.
    pub fn new(inner: axum::body::Body, stopping: watch::Receiver<bool>, at_end: AtEnd) -> Answer {
        Answer { inner, stopping, stopped: None, at_end: Some(at_end), is_cut_off: false }
    }

    fn end(&mut self, trailers: Option<&mut HeaderMap>) {
        if let Some(at_end) = self.at_end.take() {
            at_end(trailers);
        }
    }

    /// Whether the process stops; first asked when something is waited for, which most answers need
    /// not.
    fn poll_stopped(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Answer { stopping, stopped, .. } = self;
        let stopped = stopped.get_or_insert_with(|| {
            let mut stopping = stopping.clone();
            Box::pin(async move {
                // Whoever would tell is gone, which is the same.
                let _ = stopping.wait_for(|stopping| *stopping).await;
            })
        });
        stopped.as_mut().poll(context)
    }

    /// What a caller is told whose answer does not end of itself.
    fn cut_off(&mut self, why: &str) -> Frame<Bytes> {
        self.is_cut_off = true;
        let status = Status::unavailable(format!("{why}: ask another, or again"));
        let mut trailers = status.into_http::<()>().into_parts().0.headers;
        trailers.remove(http::header::CONTENT_TYPE);
        self.end(Some(&mut trailers));
        Frame::trailers(trailers)
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.is_cut_off {
            return Poll::Ready(None);
        }
        match Pin::new(&mut self.inner).poll_frame(context) {
            Poll::Ready(Some(Ok(mut frame))) => {
                if let Some(trailers) = frame.trailers_mut() {
                    self.end(Some(trailers));
                }
                Poll::Ready(Some(Ok(frame)))
            }
            // A process behind a router has died in the middle of its answer.
            Poll::Ready(Some(Err(error))) => {
                Poll::Ready(Some(Ok(self.cut_off(&format!("the answer broke off ({error})")))))
            }
            // What is there already still goes out; only waiting for more ends.
            Poll::Pending => match self.poll_stopped(context) {
                Poll::Ready(()) => Poll::Ready(Some(Ok(self.cut_off("the process is stopping")))),
                Poll::Pending => Poll::Pending,
            },
            Poll::Ready(None) => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.is_cut_off || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.end(None);
    }
}
