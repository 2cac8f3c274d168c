//! Names that begin with a dollar sign.

use super::{Parser, Refusal};
use crate::expression::native::ast::{Expr, Fact, ItemAt, Key, Literal, NodeItemsAt, Root, Unary};
use crate::expression::native::lex::Token;

impl Parser<'_> {
    /// `$now` and `$today`, when nothing else stands in the chunk: any other use of them needs a date library.
    pub(super) fn moment(&mut self) -> Result<Option<Expr>, Refusal> {
        let fact = match self.token {
            Token::Name("$now") => Fact::Now,
            Token::Name("$today") => Fact::Today,
            _ => return Ok(None),
        };
        self.advance()?;
        self.reads.elsewhere = true;
        self.may_give_up = true;
        if matches!(self.token, Token::End) || self.at(";") { Ok(Some(Expr::Root(Root::Fact(fact)))) } else { Err(Refusal::script("a date")) }
    }

    /// The value of a name that begins with a dollar sign; the name itself is already read.
    pub(super) fn root(&mut self, name: &str) -> Result<Expr, Refusal> {
        let root = match name {
            "$json" | "$data" => Root::Json(ItemAt::Current),
            "$binary" => {
                self.may_give_up = true;
                Root::Binary
            }
            "$itemIndex" | "$position" | "$thisItemIndex" => Root::Fact(Fact::ItemIndex),
            _ => {
                self.reads.elsewhere = true;
                return self.root_elsewhere(name);
            }
        };
        self.reads.item = true;
        Ok(Expr::Root(root))
    }

    /// Roots that lie outside the item at hand.
    fn root_elsewhere(&mut self, name: &str) -> Result<Expr, Refusal> {
        let fact = match name {
            "$" => return self.node_call(),
            "$node" => return self.node_beside(),
            "$items" => return self.items_call(),
            "$input" => return self.input(),
            "$workflow" | "$execution" | "$prevNode" => return self.fact_of(name),
            "$parameter" => return self.parameter(),
            "$vars" => return Ok(Expr::Root(Root::Variables)),
            "$response" => return Ok(self.own("$response")),
            "$request" => return Ok(self.own("$request")),
            "$pageCount" => return Ok(self.own("$pageCount")),
            "$version" => return Ok(self.own("$version")),
            "$runIndex" | "$thisRunIndex" => Fact::RunIndex,
            "$nodeId" => Fact::NodeId,
            "$nodeVersion" => Fact::NodeVersion,
            "$webhookId" => Fact::WebhookId,
            "$executionId" => Fact::ExecutionId,
            "$resumeWebhookUrl" => Fact::ResumeUrl,
            _ => return Err(Refusal::script(format!("`{name}`"))),
        };
        Ok(Expr::Root(Root::Fact(fact)))
    }

    /// A variable that some scopes have.
    fn own(&mut self, name: &'static str) -> Expr {
        self.may_give_up = true;
        Expr::Root(Root::Own(name))
    }

    /// A fact of a group: `$workflow.name`.
    fn fact_of(&mut self, group: &str) -> Result<Expr, Refusal> {
        let member = self.plain_member(group)?;
        let fact = match (group, member.as_str()) {
            ("$workflow", "id") => Fact::WorkflowId,
            ("$workflow", "name") => Fact::WorkflowName,
            ("$workflow", "active") => Fact::WorkflowActive,
            ("$execution", "id") => Fact::ExecutionId,
            ("$execution", "mode") => Fact::ExecutionMode,
            ("$execution", "resumeUrl") => Fact::ResumeUrl,
            ("$execution", "resumeFormUrl") => Fact::ResumeFormUrl,
            ("$prevNode", "name") => Fact::PreviousName,
            ("$prevNode", "outputIndex") => Fact::PreviousOutput,
            ("$prevNode", "runIndex") => Fact::PreviousRun,
            _ => return Err(Refusal::script(format!("`{group}.{member}`"))),
        };
        Ok(Expr::Root(Root::Fact(fact)))
    }

    /// `$parameter.name`; names with an ampersand mean parameters beside the one at hand, which only its owner knows.
    fn parameter(&mut self) -> Result<Expr, Refusal> {
        self.may_give_up = true;
        let member = self.plain_member("$parameter")?;
        if member.starts_with('&') {
            return Err(Refusal::script("a parameter beside this one"));
        }
        let key = self.key(&member)?;
        Ok(Expr::Path(Root::Parameters, vec![key]))
    }

    fn input(&mut self) -> Result<Expr, Refusal> {
        self.reads.item = true;
        let member = self.plain_member("$input")?;
        let root = match member.as_str() {
            "item" => return self.item(ItemAt::Current),
            "first" => ItemAt::First,
            "last" => ItemAt::Last,
            "all" => {
                self.no_arguments("$input.all")?;
                self.may_give_up = true;
                return Ok(Expr::Root(Root::Input));
            }
            _ => return Err(Refusal::script(format!("`$input.{member}`"))),
        };
        self.no_arguments("$input.first")?;
        self.item(root)
    }

    /// `$('Node')` and what may follow it.
    fn node_call(&mut self) -> Result<Expr, Refusal> {
        self.expect("(")?;
        let node = self.node_name()?;
        self.expect(")")?;
        let member = self.plain_member("$()")?;
        let at = match member.as_str() {
            "item" => self.paired(node, None),
            "first" => ItemAt::FirstOf(self.node_items(node)?),
            "last" => ItemAt::LastOf(self.node_items(node)?),
            "all" => {
                self.may_give_up = true;
                return self.node_items(node).map(|items| Expr::Root(Root::Items(items)));
            }
            "pairedItem" | "itemMatching" => {
                self.expect("(")?;
                let mut arguments = self.list(")")?;
                self.may_give_up = true;
                match (arguments.pop(), arguments.is_empty()) {
                    (None, _) if member == "pairedItem" => self.paired(node, None),
                    (Some(index), true) => self.paired(node, Some(index)),
                    _ => return Err(Refusal::script(format!("`.{member}()` with other arguments"))),
                }
            }
            "isExecuted" => return Ok(Expr::Root(Root::IsExecuted(node))),
            "params" => return self.parameters_of(node),
            "context" => return Ok(Expr::Root(Root::ContextOf(node))),
            _ => return Err(Refusal::script(format!("`$().{member}`"))),
        };
        self.item(at)
    }

    /// `$node['Node']` and what may follow it.
    fn node_beside(&mut self) -> Result<Expr, Refusal> {
        let node: Box<str> = self.plain_member("$node")?.into();
        let member = self.plain_member("$node")?;
        let root = match member.as_str() {
            "json" | "data" => {
                self.reads.item = true;
                Root::Json(ItemAt::Beside(node))
            }
            "context" => Root::ContextOf(node),
            "parameter" => return self.parameters_of(node),
            "runIndex" => Root::RunIndexOf(node),
            _ => return Err(Refusal::script(format!("`$node[].{member}`"))),
        };
        Ok(Expr::Root(root))
    }

    /// `$items('Node', output, run)`.
    fn items_call(&mut self) -> Result<Expr, Refusal> {
        self.expect("(")?;
        self.may_give_up = true;
        if self.skip(")")? {
            self.reads.item = true;
            return Ok(Expr::Root(Root::Input));
        }
        let node = self.node_name()?;
        if !self.at(")") {
            self.expect(",")?;
        }
        let items = self.node_items_within(node)?;
        // Here the first output is the default, not the one by which this node is reached.
        Ok(Expr::Root(Root::Items(NodeItemsAt { output: items.output.or(Some(0)), ..items })))
    }

    fn parameters_of(&mut self, node: Box<str>) -> Result<Expr, Refusal> {
        self.may_give_up = true;
        let member = self.plain_member("$().params")?;
        let key = self.key(&member)?;
        Ok(Expr::Path(Root::ParametersOf(node), vec![key]))
    }

    fn paired(&mut self, node: Box<str>, index: Option<Expr>) -> ItemAt {
        self.reads.item = true;
        ItemAt::Paired(node, index.map(Box::new))
    }

    /// An item, or its JSON when that is what is taken from it.
    fn item(&mut self, at: ItemAt) -> Result<Expr, Refusal> {
        if self.at(".") {
            self.advance()?;
            let Token::Name(member) = self.token else { return Err(self.unexpected()) };
            self.advance()?;
            if member == "json" && !self.at("(") {
                return Ok(Expr::Root(Root::Json(at)));
            }
            self.may_give_up = true;
            let key = self.key(member)?;
            return if self.at("(") {
                Err(Refusal::script(format!("the method `.{member}()` of an item")))
            } else {
                Ok(Expr::Path(Root::Item(at), vec![key]))
            };
        }
        self.may_give_up = true;
        Ok(Expr::Root(Root::Item(at)))
    }

    /// A member that is written out, in either form: `.name` or `["name"]`.
    fn plain_member(&mut self, of: &str) -> Result<String, Refusal> {
        if self.skip(".")? {
            let Token::Name(name) = self.token else { return Err(self.unexpected()) };
            self.advance()?;
            return Ok(name.to_owned());
        }
        if !self.skip("[")? {
            return Err(Refusal::script(format!("`{of}` as a whole")));
        }
        let key = self.expression()?;
        self.expect("]")?;
        match self.literal_key(&key)? {
            Some(Key::Name(name)) => Ok(name.into()),
            Some(Key::Index(index)) => Ok(index.to_string()),
            None => Err(Refusal::script(format!("a computed member of `{of}`"))),
        }
    }

    fn node_name(&mut self) -> Result<Box<str>, Refusal> {
        match std::mem::replace(&mut self.token, Token::End) {
            Token::Text(name) => {
                self.advance()?;
                Ok(name.into())
            }
            other => {
                self.token = other;
                Err(if matches!(self.token, Token::End) { self.unexpected() } else { Refusal::script("a node name that is no plain text") })
            }
        }
    }

    fn no_arguments(&mut self, function: &str) -> Result<(), Refusal> {
        self.expect("(")?;
        if self.skip(")")? { Ok(()) } else { Err(Refusal::script(format!("arguments of `{function}()`"))) }
    }

    /// The arguments of `.first(output, run)` and the like.
    fn node_items(&mut self, node: Box<str>) -> Result<NodeItemsAt, Refusal> {
        self.expect("(")?;
        self.node_items_within(node)
    }

    fn node_items_within(&mut self, node: Box<str>) -> Result<NodeItemsAt, Refusal> {
        let arguments = self.list(")")?;
        let other = || Refusal::script("an output or a run that is computed");
        let mut numbers = arguments.iter().map(|argument| whole_number(argument).map_err(|()| other()));
        let output = numbers.next().transpose()?.flatten();
        let run = numbers.next().transpose()?.flatten();
        if numbers.next().is_some() {
            return Err(Refusal::script("three arguments"));
        }
        let output = output.map(|output| usize::try_from(output).map_err(|_| other())).transpose()?;
        Ok(NodeItemsAt { node, output, run })
    }
}

/// A whole number that is written out, `None` for undefined; everything else is an error.
fn whole_number(expr: &Expr) -> Result<Option<i64>, ()> {
    match expr {
        Expr::Literal(Literal::Undefined) => Ok(None),
        Expr::Literal(Literal::Number(number)) => small_integer(*number).map(Some).ok_or(()),
        Expr::Unary(Unary::Negate, inner) => match inner.as_ref() {
            Expr::Literal(Literal::Number(number)) => small_integer(-number).map(Some).ok_or(()),
            _ => Err(()),
        },
        _ => Err(()),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
fn small_integer(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 1e9).then_some(number as i64)
}
