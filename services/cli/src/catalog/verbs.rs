//! The verbs of a kind of the catalog, which differ between kinds in nothing but names.

/// Defines `run` and what it needs: list, read and define one kind. The kind's file says what its
/// definition states (`Definition::stated`) and how the thing looks.
macro_rules! verbs {
    (
        $thing:ident $key:ident,
        list: $list:ident $list_request:ident $items:ident,
        get: $get:ident $get_request:ident,
        define: $define:ident $define_request:ident $id:ident $(,)?
    ) => {
        /// Runs a verb.
        pub async fn run(verb: Verb<Definition>, session: &Session) -> anyhow::Result<()> {
            match verb {
                Verb::List { when } => {
                    session.output.answer(&list(session, when.read_at(session)).await?)
                }
                Verb::Get { key, when } => {
                    let (standing, item) = read(session, &key, when.read_at(session)).await?;
                    session.output.answer(&One { standing, item })
                }
                Verb::Define { head, definition } => define(head, definition, session).await,
            }
        }

        async fn list(session: &Session, read_at: ReadAt) -> Result<Many<$thing>, Status> {
            let mut client = session.planning();
            let mut many = Many { standing: Standing::default(), items: Vec::new() };
            let mut request = sent::$list_request {
                read_at: Some(read_at),
                page_size: PAGE_SIZE,
                page_token: String::new(),
            };
            loop {
                let page = client.$list(session.request(request.clone())).await?.into_inner();
                many.standing = Standing::of(page.reflected);
                many.items.extend(page.$items.into_iter().map($thing::from));
                request.page_token = page.next_page_token;
                if request.page_token.is_empty() {
                    return Ok(many);
                }
            }
        }

        async fn read(
            session: &Session,
            key: &str,
            read_at: ReadAt,
        ) -> Result<(Standing, $thing), Status> {
            let request = sent::$get_request { $key: key.to_owned(), read_at: Some(read_at) };
            let found = session.planning().$get(session.request(request)).await?.into_inner();
            Ok((Standing::of(found.reflected), $thing::from(found.$key.unwrap_or_default())))
        }

        async fn define(
            head: Head,
            definition: Definition,
            session: &Session,
        ) -> anyhow::Result<()> {
            let request_id = head.repeatable.request_id();
            let request = sent::$define_request {
                key: head.key,
                id: head.id,
                request_id: request_id.clone(),
                etag: head.repeatable.etag,
                effective_at: head.effective_at,
                definition: Some(definition.stated()?),
            };
            let answer = session.planning().$define(session.request(request)).await;
            let answer = answer.map_err(|status| Failure::of_command(status, &request_id))?;
            let answer = answer.into_inner();
            // One that holds from a later day on is not there yet; it was defined all the same.
            let after = read(session, &answer.$id, just_after(answer.recorded.as_ref())).await;
            Done::new(answer.$id, answer.recorded, after.ok()).report(&session.output)
        }
    };
}
